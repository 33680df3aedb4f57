// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.assemble;

import static io.tidemark.relay.assemble.Events.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.relay.capture.CapturedEvent;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TransactionEventsTest {

    private static final long LIMIT = 2000;

    @TempDir
    private Path directory;

    @Test
    void staysInMemoryUpToTheLimit() {
        try (TransactionEvents events = new TransactionEvents(LIMIT, directory)) {
            CapturedEvent half = event("a", 1000 - event("a", 0).approximateBytes());
            events.add(half);
            events.add(half);

            assertThat(events.bytes()).isEqualTo(LIMIT);
            assertThat(events.isSpilled()).isFalse();
            assertThat(directory).isEmptyDirectory();
            assertThat(Events.ids(events)).containsExactly("a", "a");
            assertThat(Events.ids(events)).as("read again").containsExactly("a", "a");
        }
    }

    @Test
    void spillsEverythingBeyondTheLimitAndKeepsTheOrder() {
        try (TransactionEvents events = new TransactionEvents(LIMIT, directory)) {
            for (int i = 0; i < 10; i++) {
                events.add(event("id-" + i, 300));
            }

            assertThat(events.isSpilled()).isTrue();
            assertThat(events.count()).isEqualTo(10);
            assertThat(events.bytes()).isGreaterThan(10 * 300);
            assertThat(Events.ids(events))
                    .containsExactly("id-0", "id-1", "id-2", "id-3", "id-4", "id-5", "id-6", "id-7", "id-8", "id-9");
        }
    }

    @Test
    void itsFileHasNoNameAndEndsWithIt() throws IOException {
        TransactionEvents events = new TransactionEvents(LIMIT, directory);
        events.add(event("a", 3000));
        assertThat(directory).as("a kill -9 leaves nothing behind").isEmptyDirectory();
        assertThat(Events.openFilesIn(directory)).hasSize(1);

        events.close();

        assertThat(Events.openFilesIn(directory)).isEmpty();
    }

    @Test
    void givesBackEveryField() {
        byte[] everyByte = new byte[256];
        for (int i = 0; i < everyByte.length; i++) {
            everyByte[i] = (byte) i;
        }
        CapturedEvent full = new CapturedEvent(
                "0191f7a2-0000-7000-8000-000000000001",
                "order",
                "Bestellung \uD83D\uDE80 №1",
                "OrderPlaced",
                everyByte,
                "application/json",
                "{\"tenant\": \"\uD83D\uDC27\"}",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "rojo=00f067aa0ba902b7",
                1_700_000_000_123L,
                "has no end");

        assertThat(spilled(full)).usingRecursiveComparison().isEqualTo(full);
    }

    @Test
    void distinguishesNullFromEmpty() {
        CapturedEvent nothing = new CapturedEvent("1", "order", "a", "T", null, null, null, null, null, -1);
        CapturedEvent empty = new CapturedEvent("2", "order", "a", "T", new byte[0], "", "", "", "", Long.MIN_VALUE);

        assertThat(spilled(nothing)).usingRecursiveComparison().isEqualTo(nothing);
        assertThat(spilled(empty)).usingRecursiveComparison().isEqualTo(empty);
    }

    @Test
    void givesBackPayloadsLargerThanItsBuffers() {
        CapturedEvent large = event("large", 200_000);

        assertThat(spilled(large)).usingRecursiveComparison().isEqualTo(large);
    }

    @Test
    void endsAfterTheLastEvent() {
        try (TransactionEvents events = new TransactionEvents(0, directory)) {
            events.add(event("a"));
            Iterator<CapturedEvent> iterator = events.iterator();
            iterator.next();

            assertThat(iterator.hasNext()).isFalse();
            assertThatThrownBy(iterator::next).isInstanceOf(NoSuchElementException.class);
        }
    }

    @Test
    void namesTheSettingWhenItCannotSpill() {
        Path nowhere = directory.resolve("nowhere");
        try (TransactionEvents events = new TransactionEvents(0, nowhere)) {
            assertThatThrownBy(() -> events.add(event("a")))
                    .isInstanceOf(SpillFailed.class)
                    .hasMessageContaining(nowhere.toString())
                    .hasMessageContaining("limits.spillDirectory");
        }
    }

    private CapturedEvent spilled(CapturedEvent event) {
        try (TransactionEvents events = new TransactionEvents(0, directory)) {
            events.add(event);
            assertThat(events.isSpilled()).isTrue();
            return events.iterator().next();
        }
    }
}
