// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.debezium.connector.postgresql.connection.LogicalDecodingMessage;
import io.debezium.connector.postgresql.connection.ReplicationMessage.Operation;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EmittedEventTest {

    private static final Instant COMMIT = Instant.ofEpochMilli(1_800_000_000_000L);
    private static final String ID = "0191f7a2-0000-7000-8000-000000000001";
    private static final String HEAD = "{\"id\":\"" + ID + "\",\"createdAt\":1700000000123,\"aggregateType\":\"order\","
            + "\"aggregateId\":\"№1 🚀\",\"eventType\":\"Placed\",\"hasPayload\":true}";

    private static CapturedEvent read(String head, byte... payload) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        content.writeBytes((head + "\n").getBytes(StandardCharsets.UTF_8));
        content.writeBytes(payload);
        return read(content.toByteArray(), true);
    }

    private static CapturedEvent read(byte[] content, boolean isTransactional) {
        return EmittedEvent.read(
                new LogicalDecodingMessage(
                        Operation.MESSAGE, COMMIT, 1L, isTransactional, EmittedEvent.PREFIX, content),
                isTransactional);
    }

    @Test
    void takesPayloadsAsTheyAreEvenWithLineEndsInThem() {
        CapturedEvent event = read(HEAD, (byte) '\n', (byte) 0, (byte) 0xff, (byte) '\n');

        assertThat(event.defect()).isNull();
        assertThat(event.payload()).containsExactly('\n', 0, 0xff, '\n');
        assertThat(event.id()).isEqualTo(ID);
        assertThat(event.aggregateId()).isEqualTo("№1 🚀");
        assertThat(event.createdAtMillis()).isEqualTo(1_700_000_000_123L);
        assertThat(event.headers()).isNull();
    }

    @Test
    void distinguishesNoPayloadFromAnEmptyOne() {
        assertThat(read(HEAD).payload()).isEmpty();
        assertThat(read(HEAD.replace("true", "false")).payload()).isNull();
    }

    @Test
    void takesHeadersAsTheyStandThere() {
        CapturedEvent event =
                read(HEAD.replace("\"hasPayload\"", "\"headers\": {\"ü\": \"😀\", \"b\":\"\\\"\"} ,\"hasPayload\""));

        assertThat(event.headers()).isEqualTo("{\"ü\": \"😀\", \"b\":\"\\\"\"}");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            "id":"0191     | "id":"x0191                                | its id is not a UUID
            "id":"         | "ignored":"                                | a field 'ignored', which this relay does not know
            "id":          | "id":1,"eventType":                        | id is not a text
            "order"        | "or der"                                   | aggregateType is missing or illegal
            "№1 🚀"        | ""                                         | aggregateId is missing
            "Placed"       | ""                                         | eventType is missing
            "Placed"       | 7                                          | eventType is not a text
            1700000000123  | -1                                         | createdAt is missing or not between
            1700000000123  | 253402300800000                            | createdAt is missing or not between
            1700000000123  | 1.5                                        | createdAt is not a whole number
            1700000000123  | 99999999999999999999                       | or has a number that is too large
            "hasPayload"   | "headers":{"Tidemark-X":"y"},"hasPayload"  | its headers have 'Tidemark-X', which is reserved
            "hasPayload"   | "headers":{"":"y"},"hasPayload"            | its headers have one without a name
            "hasPayload"   | "headers":{"a":{}},"hasPayload"            | its headers have 'a', which is not a text
            "hasPayload"   | "headers":[],"hasPayload"                  | its headers are not an object
            "hasPayload"   | "headers":{"a":"\\ud83d"},"hasPayload"     | its headers have 'a' with half a surrogate pair
            "№1 🚀"        | "\\ud83d"                                  | aggregateId has half a surrogate pair
            ,"hasPayload":true | ''                                     | hasPayload is missing
            :true          | :1                                         | hasPayload is not true or false
            true}          | true                                       | not JSON in UTF-8
            true}          | true}}                                     | not JSON in UTF-8
            true}          | true} {}                                   | its JSON has no end
            """)
    void keepsTheWholeOfWhatSomebodyElseWrote(String part, String instead, String defect) {
        String head = HEAD.replace(part, instead);
        CapturedEvent event = read(head, (byte) 'p');

        assertThat(head).isNotEqualTo(HEAD);
        assertThat(event.defect())
                .startsWith("is a 'tidemark.event' message that outbox.emit() did not write: ")
                .contains(defect);
        assertThat(event.payload()).isEqualTo((head + "\np").getBytes(StandardCharsets.UTF_8));
        assertThat(event.headers()).isNull();
        assertThat(event.createdAtMillis()).isNotNegative();
    }

    @Test
    void isNoEventWithoutAFirstLineInUtf8() {
        assertThat(read(new byte[0], true).defect()).contains("it has no first line");
        assertThat(read(HEAD.getBytes(StandardCharsets.UTF_8), true).defect()).contains("it has no first line");
        byte[] latin1 = (HEAD + "\n").replace("№1 🚀", "ü").getBytes(StandardCharsets.ISO_8859_1);
        assertThat(read(latin1, true).defect()).contains("not JSON in UTF-8");
        assertThat(read("[]").defect()).contains("not a JSON object");
    }

    @Test
    void hasADefectWhenItsTransactionCannotBeRolledBack() {
        CapturedEvent event = read((HEAD + "\n").getBytes(StandardCharsets.UTF_8), false);

        assertThat(event.defect()).endsWith("it was written outside of any transaction");
        assertThat(event.id()).isEqualTo(ID);
    }
}
