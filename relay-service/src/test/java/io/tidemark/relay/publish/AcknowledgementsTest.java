// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publish;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Position;
import io.tidemark.relay.publish.KafkaTransaction.End;
import java.util.List;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class AcknowledgementsTest {

    private static final TopicPartition PARTITION = new TopicPartition("outbox.order", 0);

    private final Acknowledgements acknowledgements = new Acknowledgements(3);

    private void take(long lsn, long offset) {
        acknowledgements.take(
                new RecordMetadata(PARTITION, offset, 0, -1, 0, 0), null, new Position(1, new Lsn(lsn), 0));
    }

    private List<End> ends() {
        return acknowledgements.ends().getOrDefault(PARTITION, List.of());
    }

    private static End end(long firstLsn, long endOffset) {
        return new End(new Lsn(firstLsn), endOffset);
    }

    @Test
    void eachSourceTransactionEndsBehindItsLastEvent() {
        take(100, 7);
        take(100, 8);
        take(200, 9);

        assertThat(ends()).containsExactly(end(100, 9), end(200, 10));
    }

    @Test
    void neighboursBecomeOneWhenThereAreTooMany() {
        for (long i = 1; i <= 10; i++) {
            take(100 * i, i);
        }

        assertThat(ends()).containsExactly(end(100, 2), end(200, 3), end(300, 11));
    }

    @Test
    void oneEndCoversAllWhenAnswersArriveOutOfOrder() {
        take(200, 9);
        take(100, 5);

        assertThat(ends()).containsExactly(end(100, 10));
    }

    @Test
    void aRecordWithoutAnOffsetIsAFailure() {
        take(100, -1);

        assertThat(acknowledgements.failures().failure()).isNotNull();
        assertThat(acknowledgements.ends()).isEmpty();
    }

    @Test
    void aRecordWithoutAnEventHasNoEnd() {
        acknowledgements.take(new RecordMetadata(PARTITION, 3, 0, -1, 0, 0), null, null);

        assertThat(acknowledgements.ends()).isEmpty();
    }

    @Test
    void nothingOfTheLastTransactionIsLeft() {
        take(100, -1);
        take(200, 5);

        acknowledgements.clear();
        take(300, 6);

        assertThat(acknowledgements.failures().failure()).isNull();
        assertThat(ends()).containsExactly(end(300, 7));
    }
}
