// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers;

import java.sql.Connection;
import java.util.List;

/**
 * Applies several events of one partition at once, for example in one JDBC batch. This is several times faster than one
 * statement for each event. Called on worker threads, one call at a time for each partition.
 */
@FunctionalInterface
public interface BatchHandler {

    /**
     * Applies the events, all or none. After a failure it is called again with fewer events, down to a single one, so
     * that one bad event does not affect the others.
     *
     * @param events of one partition, in its order; at least one; immutable
     * @param connection inside the transaction; committing, rolling back or closing it throws an {@code SQLException}
     * @throws Exception when the events cannot be applied
     */
    void apply(List<Event> events, Connection connection) throws Exception;

    /** A handler that applies one event after the other. */
    static BatchHandler each(EventHandler handler) {
        return (events, connection) -> {
            for (Event event : events) {
                handler.apply(event, connection);
            }
        };
    }
}
