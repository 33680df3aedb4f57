// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.consumers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.consumers.BatchHandler;
import io.tidemark.consumers.Event;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** The table of applications, one row for each, with duplicates. Generations have separate rows. */
final class AppliedLog {

    private final ProjectionWorld world;
    private final int generation;

    /** One application of an event. */
    record Applied(UUID eventId, int partition, long offset, String payload) {}

    AppliedLog(ProjectionWorld world, int generation) {
        this.world = world;
        this.generation = generation;
    }

    static void create(Statement statement) throws SQLException {
        statement.execute(
                "create table applied (n bigserial, generation int not null default 1, event_id uuid not null,"
                        + " kafka_partition int not null, kafka_offset bigint not null, payload text not null)");
    }

    /** A handler that records the event. */
    static void apply(Event event, Connection connection) throws SQLException {
        apply(1, event, connection);
    }

    static void apply(int generation, Event event, Connection connection) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement("insert into applied (event_id, kafka_partition,"
                + " kafka_offset, payload, generation) values (?, ?, ?, ?, ?)")) {
            insert.setObject(1, event.id());
            insert.setInt(2, event.partition());
            insert.setLong(3, event.offset());
            insert.setString(4, event.text());
            insert.setInt(5, generation);
            insert.executeUpdate();
        }
    }

    static BatchHandler handler(int generation) {
        return BatchHandler.each((event, connection) -> apply(generation, event, connection));
    }

    List<Applied> all() throws SQLException {
        List<Applied> all = new ArrayList<>();
        try (Connection connection = world.connect();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(
                        "select event_id, kafka_partition, kafka_offset, payload from applied where generation = "
                                + generation + " order by n")) {
            while (rows.next()) {
                all.add(new Applied(rows.getObject(1, UUID.class), rows.getInt(2), rows.getLong(3), rows.getString(4)));
            }
        }
        return all;
    }

    /** Returns when this number of applications is committed. */
    void awaitCount(int count) {
        await(count + " applied").pollInterval(Duration.ofMillis(50)).until(() -> count() >= count);
    }

    int count() throws SQLException {
        return Integer.parseInt(world.query("select count(*) from applied where generation = " + generation));
    }

    /** Waits for one application per event. Then checks that each is there once, in the order of its partition. */
    void checkExactlyOnce(Collection<UUID> published) throws SQLException {
        awaitCount(published.size());
        List<Applied> all = checkOnceAndInOrder();
        assertThat(new HashSet<>(all.stream().map(Applied::eventId).toList()))
                .as("events applied")
                .isEqualTo(new HashSet<>(published));
    }

    /** Checks that applied events were applied once, in the order of their partition. */
    List<Applied> checkOnceAndInOrder() throws SQLException {
        List<Applied> all = all();
        Map<UUID, Integer> counts = new HashMap<>();
        Map<Integer, Long> last = new HashMap<>();
        for (Applied applied : all) {
            counts.merge(applied.eventId(), 1, Integer::sum);
            Long before = last.put(applied.partition(), applied.offset());
            assertThat(before == null || before < applied.offset())
                    .as("%s is applied after offset %s", applied, before)
                    .isTrue();
        }
        counts.values().removeIf(count -> count == 1);
        assertThat(counts).as("events applied more than once").isEmpty();
        return all;
    }
}
