// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.group;

import io.tidemark.relay.config.KafkaConfig;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.jspecify.annotations.Nullable;

/**
 * The admin client that all questions about groups share. It is replaced after Kafka has rejected its credentials, if
 * its properties have changed since.
 */
final class GroupClient implements AutoCloseable {

    static final int TIMEOUT_MILLIS = 10_000;
    private static final Duration CLOSE_TIMEOUT = Duration.ofMillis(1);

    private final KafkaConfig kafka;
    private @Nullable Admin admin;
    private Map<String, Object> madeWith = Map.of();
    private boolean isClosed;
    private volatile boolean isTurnedAway;

    GroupClient(KafkaConfig kafka) {
        this.kafka = kafka;
    }

    /**
     * Creates the client when it is first needed. Creation can fail, for example while Kafka's host names do not
     * resolve; the next call then tries again.
     */
    synchronized Admin admin() {
        if (isClosed) {
            throw new KafkaException("this relay is shutting down");
        }
        if (isTurnedAway) {
            isTurnedAway = false;
            discardUnlessSame(properties());
        }
        if (admin == null) {
            Map<String, Object> properties = properties();
            admin = Admin.create(properties);
            madeWith = properties;
        }
        return admin;
    }

    /**
     * The client read its credentials when it was created. A new client with the same properties would be rejected too.
     */
    private void discardUnlessSame(Map<String, Object> properties) {
        if (admin != null && !madeWith.equals(properties)) {
            admin.close(CLOSE_TIMEOUT);
            admin = null;
        }
    }

    private Map<String, Object> properties() {
        return kafka.client("tidemark-groups", Map.of());
    }

    /** Runs on the client's thread and takes no lock, because a caller that closes the client waits for that thread. */
    void reactTo(@Nullable Throwable failure) {
        if (failure instanceof AuthenticationException
                || (failure != null && failure.getCause() instanceof AuthenticationException)) {
            isTurnedAway = true;
        }
    }

    @Override
    public synchronized void close() {
        isClosed = true;
        if (admin != null) {
            admin.close(CLOSE_TIMEOUT);
            admin = null;
        }
    }
}
