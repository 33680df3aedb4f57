// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.relay.config.KafkaConfig;
import io.tidemark.relay.route.OutgoingEvent;
import io.tidemark.relay.route.OutgoingEvent.OutgoingHeader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.internal.AbstractRecords;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SizeLimitsTest {

    private static SizeLimits of(Map<String, String> properties) {
        return SizeLimits.of(new KafkaConfig("a:1", properties, null, null));
    }

    @Test
    void aDeadLetterMayAlwaysBeLargerThanItsEvent() {
        assertThat(of(Map.of())).isEqualTo(new SizeLimits(1024 * 1024, 4 * 1024 * 1024));
        assertThat(of(Map.of("max.request.size", "20000"))).isEqualTo(new SizeLimits(20_000, 4 * 1024 * 1024));
        assertThat(of(Map.of("max.request.size", "8000000"))).isEqualTo(new SizeLimits(8_000_000, 8_065_536));
        assertThat(of(Map.of("max.request.size", "2147483647")).deadLetter()).isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void refusesASizeThatIsNone() {
        assertThatThrownBy(() -> of(Map.of("max.request.size", "1MiB")))
                .isInstanceOf(KafkaException.class)
                .hasMessageContainingAll("max.request.size", "1MiB");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 100, 900_000})
    void countsNoLessThanKafkasClientAndHardlyMore(int payload) {
        byte[] value = "x".repeat(payload).getBytes(StandardCharsets.UTF_8);
        OutgoingEvent event = new OutgoingEvent(
                "t",
                "key".getBytes(StandardCharsets.UTF_8),
                value,
                List.of(new OutgoingHeader("id", new byte[36]), new OutgoingHeader("ü", new byte[200])),
                0);
        Header[] headers = {new RecordHeader("id", new byte[36]), new RecordHeader("ü", new byte[200])};

        long kafkas = AbstractRecords.estimateSizeInBytesUpperBound(
                RecordBatch.CURRENT_MAGIC_VALUE, CompressionType.NONE, event.key(), value, headers);

        assertThat(SizeLimits.sizeOf(event)).isBetween(kafkas, kafkas + 40);
    }
}
