// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.deadletter;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.relay.route.OutgoingEvent;
import io.tidemark.relay.route.OutgoingEvent.OutgoingHeader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class DeadLetterTest {

    private static final String POSITION = "00000001/00000016B374D848/00000002";
    private static final String ID = "0191f7a2-0000-7000-8000-000000000001";
    private static final String KEY = "7f3a9c21/" + ID + "/" + POSITION;

    private static OutgoingHeader header(String name, String value) {
        return new OutgoingHeader(name, value.getBytes(StandardCharsets.UTF_8));
    }

    private static DeadLetter letter(byte @Nullable [] payload) {
        return new DeadLetter(
                KEY,
                1234,
                List.of(
                        header("ce_id", ID),
                        header("tidemark-position", POSITION),
                        header("tenant", "t"),
                        header("tidemark-dead-letter-reason", "is too large"),
                        header("tidemark-dead-letter-key", "№1")),
                payload == null ? 0 : payload.length,
                payload);
    }

    @Test
    void readsSourceIdAndPositionFromItsKey() {
        assertThat(letter(null).source()).isEqualTo("7f3a9c21");
        assertThat(letter(null).id()).isEqualTo(ID);
        assertThat(letter(null).position()).isEqualTo(POSITION);
        assertThat(letter(null).isMeantBy(ID)).isTrue();
        assertThat(letter(null).isMeantBy(KEY)).isTrue();
        assertThat(letter(null).isMeantBy("7f3a9c21")).isFalse();
    }

    @Test
    void restoresTheEventWithAHeaderThatMarksIt() {
        byte[] payload = {1, 2};

        OutgoingEvent event = letter(payload).again("orders");

        assertThat(event.topic()).isEqualTo("orders");
        assertThat(new String(event.key(), StandardCharsets.UTF_8)).isEqualTo("№1");
        assertThat(event.value()).isSameAs(payload);
        assertThat(event.timestampMillis()).isEqualTo(1234);
        assertThat(event.headers())
                .extracting(OutgoingHeader::name)
                .containsExactly("ce_id", "tidemark-position", "tenant", "tidemark-retried");
    }

    @Test
    void restoresAnEventWithoutPayloadAsATombstone() {
        assertThat(letter(null).again("orders").value()).isNull();
    }
}
