package io.tidemark.consumers;

import java.sql.Connection;

/** What a projection does with one event. Called on worker threads, for one event of a partition at a time. */
@FunctionalInterface
public interface EventHandler {

    /**
     * Applies the event. Whatever it does on the connection is committed together with the projection's progress, or not
     * at all; whatever it does elsewhere may happen again.
     *
     * @param connection inside the transaction; committing, rolling back or closing it is refused
     * @throws Exception when the event cannot be applied; the projection's {@link FailurePolicy} decides what then
     */
    void apply(Event event, Connection connection) throws Exception;
}
