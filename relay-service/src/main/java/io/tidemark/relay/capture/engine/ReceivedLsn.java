// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture.engine;

import io.debezium.connector.postgresql.connection.ReplicationStream;
import io.tidemark.outbox.Lsn;
import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.Optional;
import org.postgresql.replication.PGReplicationStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How far pgjdbc's stream has read. It includes the server's answers to our confirmations, which report its position
 * even when it has nothing to send. Debezium does not expose that stream, so it is read from Debezium's field; without
 * it, only metrics are incomplete. On the streaming thread.
 */
final class ReceivedLsn {

    private static final Logger LOG = LoggerFactory.getLogger(ReceivedLsn.class);

    private final Optional<PGReplicationStream> stream;

    private ReceivedLsn(Optional<PGReplicationStream> stream) {
        this.stream = stream;
    }

    static ReceivedLsn of(ReplicationStream debezium) {
        Optional<Field> field = Arrays.stream(debezium.getClass().getDeclaredFields())
                .filter(candidate -> candidate.getType() == PGReplicationStream.class)
                .findFirst();
        try {
            if (field.isPresent()) {
                field.get().setAccessible(true);
                return new ReceivedLsn(
                        Optional.of((PGReplicationStream) field.get().get(debezium)));
            }
        } catch (IllegalAccessException | RuntimeException e) {
            LOG.debug("event=stream-not-reachable error=\"{}\"", e.getMessage());
        }
        LOG.warn("event=stream-not-reachable effect=\"the lag of the capture is not known on an idle database\"");
        return new ReceivedLsn(Optional.empty());
    }

    /** Everything committed at or below this LSN has been read; empty when it is unknown. */
    Optional<Lsn> now() {
        return stream.map(known -> new Lsn(known.getLastReceiveLSN().asLong()));
    }
}
