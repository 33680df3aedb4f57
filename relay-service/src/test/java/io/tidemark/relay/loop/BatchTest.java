// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.loop;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.assemble.Assembled;
import io.tidemark.relay.assemble.TransactionAssembler;
import io.tidemark.relay.position.ResumePoint;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class BatchTest {

    private static final int BYTES = RecordedRun.event("a").approximateBytes();

    private final TransactionAssembler assembler = new TransactionAssembler(
            RecordedRun.START, ResumePoint.after(RecordedRun.START), 1 << 20, Path.of("unused"));

    private Assembled transaction(String lsn, int events) {
        for (int i = 0; i < events; i++) {
            assembler.accept(RecordedRun.event("a"));
        }
        return assembler.accept(RecordedRun.commit(lsn)).orElseThrow();
    }

    @Test
    void isFullByEventsOrByBytes() {
        Batch byEvents = new Batch(2, Long.MAX_VALUE);
        byEvents.add(transaction("0/200", 1), 0);

        assertThat(byEvents.isFull()).isFalse();
        byEvents.add(transaction("0/300", 1), 0);
        assertThat(byEvents.isFull()).isTrue();

        Batch byBytes = new Batch(100, 2L * BYTES);
        byBytes.add(transaction("0/400", 2), 0);
        assertThat(byBytes.isFull()).isTrue();
    }

    @Test
    void hasNoRoomForATransactionThatWouldExceedItsBytesUnlessItIsEmpty() {
        Batch batch = new Batch(100, 2L * BYTES);
        Assembled large = transaction("0/200", 3);

        assertThat(batch.hasRoomFor(large)).isTrue();
        batch.add(transaction("0/300", 1), 0);
        assertThat(batch.hasRoomFor(large)).isFalse();
        assertThat(batch.hasRoomFor(new Assembled.Progress(Lsn.parse("0/400")))).isTrue();
    }

    @Test
    void remembersWhenItsFirstTransactionWasCommittedAndHowFarItReaches() {
        Batch batch = new Batch(100, 1 << 20);
        batch.add(new Assembled.Progress(Lsn.parse("0/180")), 5);
        batch.add(transaction("0/200", 1), 10);
        batch.add(transaction("0/300", 1), 20);

        assertThat(batch.oldestCommitMillis()).isEqualTo(10);
        assertThat(batch.reached()).isEqualTo(Lsn.parse("0/300"));
        batch.clear();
        assertThat(batch.isEmpty()).isTrue();
        assertThat(batch.oldestCommitMillis()).isZero();
    }
}
