// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers;

import java.sql.Connection;

/** Applies one event to a projection. Called on worker threads, for one event of a partition at a time. */
@FunctionalInterface
public interface EventHandler {

    /**
     * Applies the event. Its statements on the connection are committed together with the projection's progress, or not at
     * all. Effects outside this connection may be repeated.
     *
     * @param connection inside the transaction; committing, rolling back or closing it throws an {@code SQLException}
     * @throws Exception when the event cannot be applied; the projection's {@link FailurePolicy} decides what follows
     */
    void apply(Event event, Connection connection) throws Exception;
}
