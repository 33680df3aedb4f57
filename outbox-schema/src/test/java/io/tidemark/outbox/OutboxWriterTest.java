// SPDX-License-Identifier: Apache-2.0
package io.tidemark.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class OutboxWriterTest {

    @Test
    void escapesHeadersAsJson() {
        assertThat(OutboxWriter.toJson(Map.of("a\"b\\", "line\nend\u0001 ü 😀")))
                .isEqualTo("{\"a\\\"b\\\\\":\"line\\u000aend\\u0001 ü 😀\"}");
        assertThat(OutboxWriter.toJson(Map.of())).isEqualTo("{}");
    }

    @Test
    void reservesTheHeaderNamesThatTheRelayWrites() {
        assertThat(EventHeaders.isReserved("Tidemark-Anything")).isTrue();
        assertThat(EventHeaders.isReserved("ID")).isTrue();
        assertThat(EventHeaders.isReserved("tenant")).isFalse();
    }
}
