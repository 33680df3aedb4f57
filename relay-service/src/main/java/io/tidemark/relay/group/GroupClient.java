// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.group;

import io.tidemark.relay.config.KafkaConfig;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.jspecify.annotations.Nullable;

/** The admin client that all questions about groups share; a new one where Kafka has turned the old one away. */
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

    /** Made when first needed: it cannot be while Kafka's names do not resolve, say, and then the next one to ask tries. */
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

    /** Who it is was read when it was made; another one with the same would be turned away as well. */
    private void discardUnlessSame(Map<String, Object> properties) {
        if (admin != null && !madeWith.equals(properties)) {
            admin.close(CLOSE_TIMEOUT);
            admin = null;
        }
    }

    private Map<String, Object> properties() {
        return kafka.client("tidemark-groups", Map.of());
    }

    /** On the client's thread, which takes no lock here: whoever closes it waits for it. */
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
