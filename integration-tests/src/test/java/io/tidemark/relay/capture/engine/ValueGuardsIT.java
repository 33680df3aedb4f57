// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.it.harness.TestSource;
import io.tidemark.relay.capture.CapturedEvent;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TimeZone;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Debezium decodes the values of the outbox's columns exactly as they were written. */
class ValueGuardsIT {

    private static final String ODD =
            "quote ' \" back\\slash tab\tnewline\r\n nbsp\u00a0 ü ß 漢字 🚢 e\u0301 \u0001 \u2028";
    private static final int LARGEST_PAYLOAD = 900 * 1024;

    private TestSource source;

    @BeforeEach
    void createSource() throws Exception {
        source = TestSource.create("values");
    }

    @AfterEach
    void dropSource() throws Exception {
        source.close();
    }

    /** Columns of the row as they are bound; null stays null. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Row(
            UUID id,
            String aggregateId,
            String eventType,
            @Nullable String payload,
            byte @Nullable [] payloadBinary,
            @Nullable String contentType,
            @Nullable String headers,
            @Nullable String traceparent,
            @Nullable String tracestate,
            String createdAt) {

        static Row ofText(@Nullable String payload) {
            return new Row(UUID.randomUUID(), "a", "changed", payload, null, null, null, null, null, "2026-01-01Z");
        }

        static Row ofBytes(byte[] payload) {
            return new Row(UUID.randomUUID(), "a", "changed", null, payload, null, null, null, null, "2026-01-01Z");
        }

        static Row at(String createdAt) {
            return new Row(UUID.randomUUID(), "a", "changed", null, null, null, null, null, null, createdAt);
        }
    }

    private CapturedEvent captured(Row row) throws Exception {
        return captured(List.of(row)).get(0);
    }

    private List<CapturedEvent> captured(List<Row> rows) throws Exception {
        try (CapturedStream stream = CapturedStream.start(source)) {
            for (Row row : rows) {
                insert(row);
            }
            return stream.readToNow().stream()
                    .filter(CapturedEvent.class::isInstance)
                    .map(CapturedEvent.class::cast)
                    .toList();
        }
    }

    private void insert(Row row) throws SQLException {
        try (Connection connection = source.connect();
                PreparedStatement insert = connection.prepareStatement(
                        "insert into outbox.event (id, aggregate_type, aggregate_id, event_type, payload,"
                                + " payload_binary, content_type, headers, traceparent, tracestate, created_at)"
                                + " values (?, 'order', ?, ?, ?, ?, ?, ?::jsonb, ?, ?, ?::timestamptz)")) {
            insert.setObject(1, row.id());
            insert.setString(2, row.aggregateId());
            insert.setString(3, row.eventType());
            insert.setString(4, row.payload());
            insert.setBytes(5, row.payloadBinary());
            insert.setString(6, row.contentType());
            insert.setString(7, row.headers());
            insert.setString(8, row.traceparent());
            insert.setString(9, row.tracestate());
            insert.setString(10, row.createdAt());
            insert.executeUpdate();
        }
    }

    @Test
    void oddTextArrivesExactly() throws Exception {
        String headers = "{\"odd\": \"\\\" \\\\ \\t 漢字 🚢\", \"empty\": \"\"}";
        Row row = new Row(UUID.randomUUID(), ODD, ODD, ODD, null, ODD, headers, ODD, ODD, "2026-01-01Z");

        CapturedEvent event = captured(row);

        assertThat(event.id()).isEqualTo(row.id().toString());
        assertThat(event.aggregateType()).isEqualTo("order");
        assertThat(event.aggregateId()).isEqualTo(ODD);
        assertThat(event.eventType()).isEqualTo(ODD);
        assertThat(event.payload()).isEqualTo(ODD.getBytes(StandardCharsets.UTF_8));
        assertThat(event.contentType()).isEqualTo(ODD);
        assertThat(event.headers()).isEqualTo(source.query("select headers::text from outbox.event"));
        assertThat(event.traceparent()).isEqualTo(ODD);
        assertThat(event.tracestate()).isEqualTo(ODD);
    }

    @Test
    void textThatLooksLikeSomethingElseStaysText() throws Exception {
        List<String> payloads = List.of("", "null", "NULL", "\\x00ff", "\\N", "{}", " ");

        List<CapturedEvent> events = captured(payloads.stream().map(Row::ofText).toList());

        assertThat(CapturedStream.payloads(events)).isEqualTo(payloads);
    }

    @Test
    void nullsArriveAsNulls() throws Exception {
        CapturedEvent event = captured(Row.ofText(null));

        assertThat(event.payload()).isNull();
        assertThat(event.contentType()).isNull();
        assertThat(event.headers()).isNull();
        assertThat(event.traceparent()).isNull();
        assertThat(event.tracestate()).isNull();
    }

    @Test
    void largestTextArrivesExactly() throws Exception {
        String payload = "0123456789abcde\n".repeat(LARGEST_PAYLOAD / 16);

        CapturedEvent event = captured(Row.ofText(payload));

        assertThat(event.payload()).hasSize(LARGEST_PAYLOAD).isEqualTo(payload.getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] everyByte(int times) {
        byte[] bytes = new byte[256 * times];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) i;
        }
        return bytes;
    }

    @Test
    void bytesArriveExactly() throws Exception {
        CapturedEvent event = captured(Row.ofBytes(everyByte(1)));

        assertThat(event.payload()).isEqualTo(everyByte(1));
    }

    @Test
    void emptyBytesAreAPayload() throws Exception {
        CapturedEvent event = captured(Row.ofBytes(new byte[0]));

        assertThat(event.payload()).isNotNull().isEmpty();
    }

    @Test
    void largestBytesArriveExactly() throws Exception {
        CapturedEvent event = captured(Row.ofBytes(everyByte(LARGEST_PAYLOAD / 256)));

        assertThat(event.payload()).isEqualTo(everyByte(LARGEST_PAYLOAD / 256));
    }

    /** Debezium reads bytes in hex only. */
    @Test
    void bytesArriveExactlyWhenTheDatabaseWritesThemInItsOldFormat() throws Exception {
        source.execute("alter database " + source.name() + " set bytea_output = 'escape'");

        CapturedEvent event = captured(Row.ofBytes(everyByte(1)));

        assertThat(event.payload()).isEqualTo(everyByte(1));
    }

    @Test
    void timesArriveToTheMillisecond() throws Exception {
        Map<String, String> times = new LinkedHashMap<>();
        times.put("1970-01-01 00:00:00+00", "1970-01-01T00:00:00Z");
        times.put("1970-01-01 00:00:00.000999+00", "1970-01-01T00:00:00Z");
        times.put("1970-01-01 00:00:00.001+00", "1970-01-01T00:00:00.001Z");
        times.put("2026-03-29 01:59:59.123456+00", "2026-03-29T01:59:59.123Z");
        times.put("2026-10-25 02:30:00.1+02", "2026-10-25T00:30:00.100Z");
        times.put("2026-06-30 23:59:59.999999-11:30", "2026-07-01T11:29:59.999Z");
        times.put("9999-12-31 23:59:59.999999+00", "9999-12-31T23:59:59.999Z");

        List<CapturedEvent> events =
                captured(times.keySet().stream().map(Row::at).toList());

        assertThat(events)
                .extracting(
                        event -> Instant.ofEpochMilli(event.createdAtMillis()).toString())
                .containsExactlyElementsOf(times.values());
    }

    /**
     * The driver sends the JVM's zone to the server, which formats times in it. Some zones have offsets with seconds.
     */
    @ParameterizedTest
    @ValueSource(strings = {"Asia/Kathmandu", "America/St_Johns", "Africa/Monrovia"})
    void timesDoNotDependOnTheZoneOfTheMachine(String zone) throws Exception {
        TimeZone before = TimeZone.getDefault();
        TimeZone.setDefault(TimeZone.getTimeZone(zone));
        try {
            List<CapturedEvent> events =
                    captured(List.of(Row.at("1970-06-01 12:00:00.123456+00"), Row.at("2026-06-01 12:00:00.123456+00")));

            assertThat(events)
                    .extracting(event ->
                            Instant.ofEpochMilli(event.createdAtMillis()).toString())
                    .containsExactly("1970-06-01T12:00:00.123Z", "2026-06-01T12:00:00.123Z");
        } finally {
            TimeZone.setDefault(before);
        }
    }
}
