// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.position;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.outbox.Lsn;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BacklogProgressTest {

    private static final String JSON = "{\"slot\":\"tidemark\",\"slotBegan\":\"16/B374D848\",\"replayId\":\"r\","
            + "\"upTo\":7,\"published\":4,\"deadLetters\":2,\"gone\":1}";

    @Test
    void readsWhatItWrites() {
        BacklogProgress progress = BacklogProgress.begin("tidemark", Lsn.parse("16/B374D848"), "r")
                .advance(3, 3, 0, 0)
                .advance(7, 1, 2, 1);

        assertThat(new String(progress.toJson(), StandardCharsets.UTF_8)).isEqualTo(JSON);
        assertThat(BacklogProgress.fromJson(progress.toJson())).isEqualTo(progress);
    }

    /** A new start at the first row would repeat events. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{}",
                "[]",
                "{\"slot\":\"tidemark\",\"slotBegan\":\"16/B374D848\",\"replayId\":\"r\",\"upTo\":\"7\",\"published\":4,"
                        + "\"deadLetters\":2,\"gone\":1}",
                "{\"slot\":\"tidemark\",\"slotBegan\":\"nowhere\",\"replayId\":\"r\",\"upTo\":7,\"published\":4,"
                        + "\"deadLetters\":2,\"gone\":1}"
            })
    void refusesWhatItHasNotWritten(String json) {
        assertThatThrownBy(() -> BacklogProgress.fromJson(json.getBytes(StandardCharsets.UTF_8)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("is not the progress of old rows");
    }
}
