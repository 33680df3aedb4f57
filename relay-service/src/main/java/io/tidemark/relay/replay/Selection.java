// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.replay;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Which rows to replay: all that match every given condition.
 *
 * @param from by {@code created_at}, inclusive
 * @param to by {@code created_at}, exclusive
 * @param ids of events; empty for any
 * @param aggregateId only together with {@code aggregateType}
 */
public record Selection(
        Optional<Instant> from,
        Optional<Instant> to,
        List<UUID> ids,
        Optional<String> aggregateType,
        Optional<String> aggregateId) {

    /** @throws ReplayProblem when no condition is given, or no row can match */
    public static Selection of(
            Optional<Instant> from,
            Optional<Instant> to,
            List<UUID> ids,
            Optional<String> aggregateType,
            Optional<String> aggregateId)
            throws ReplayProblem {
        if (from.isEmpty() && to.isEmpty() && ids.isEmpty() && aggregateType.isEmpty() && aggregateId.isEmpty()) {
            throw new ReplayProblem(
                    "nothing says which events to replay; give --from and --to, --id, or --aggregate-type"
                            + " (--from 1970-01-01T00:00:00Z for all that are retained)");
        }
        if (aggregateId.isPresent() && aggregateType.isEmpty()) {
            throw new ReplayProblem("--aggregate-id needs --aggregate-type: ids are unique in their type only");
        }
        if (from.isPresent() && to.isPresent() && !from.get().isBefore(to.get())) {
            throw new ReplayProblem(
                    "--from " + from.get() + " is not before --to " + to.get() + "; --from is inclusive, --to is not");
        }
        return new Selection(from, to, List.copyOf(ids), aggregateType, aggregateId);
    }

    /** Begins with {@code where}. */
    String condition() {
        List<String> conditions = new ArrayList<>();
        from.ifPresent(moment -> conditions.add("created_at >= ?"));
        to.ifPresent(moment -> conditions.add("created_at < ?"));
        if (!ids.isEmpty()) {
            conditions.add("id = any (?)");
        }
        aggregateType.ifPresent(type -> conditions.add("aggregate_type = ?"));
        aggregateId.ifPresent(id -> conditions.add("aggregate_id = ?"));
        return "where " + String.join(" and ", conditions);
    }

    /**
     * Sets the parameters of {@link #condition}.
     *
     * @param first the number of the first parameter
     */
    void bind(Connection connection, PreparedStatement statement, int first) throws SQLException {
        int next = first;
        for (Optional<Instant> moment : List.of(from, to)) {
            if (moment.isPresent()) {
                statement.setObject(next++, OffsetDateTime.ofInstant(moment.get(), ZoneOffset.UTC));
            }
        }
        if (!ids.isEmpty()) {
            Array array = connection.createArrayOf("uuid", ids.toArray());
            statement.setArray(next++, array);
        }
        for (Optional<String> text : List.of(aggregateType, aggregateId)) {
            if (text.isPresent()) {
                statement.setString(next++, text.get());
            }
        }
    }
}
