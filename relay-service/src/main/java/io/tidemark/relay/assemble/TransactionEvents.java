// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.assemble;

import io.tidemark.relay.capture.CapturedEvent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The events of one transaction in order: in memory up to a limit, beyond it all of them in a private file. Filled,
 * then read; on one thread. I/O errors surface as {@link SpillFailed}.
 */
public final class TransactionEvents implements AutoCloseable {

    private final long maxBytesInMemory;
    private final Path spillDirectory;
    private final List<CapturedEvent> inMemory = new ArrayList<>();
    private @Nullable SpillFile spilled;
    private int count;
    private long bytes;

    TransactionEvents(long maxBytesInMemory, Path spillDirectory) {
        this.maxBytesInMemory = maxBytesInMemory;
        this.spillDirectory = spillDirectory;
    }

    void add(CapturedEvent event) {
        count++;
        bytes += event.approximateBytes();
        if (spilled != null) {
            spilled.append(event);
            return;
        }
        inMemory.add(event);
        if (bytes > maxBytesInMemory) {
            spilled = SpillFile.create(spillDirectory);
            inMemory.forEach(spilled::append);
            inMemory.clear();
        }
    }

    public int count() {
        return count;
    }

    /** Approximate size of the events in memory. */
    public long bytes() {
        return bytes;
    }

    /**
     * Whether the events exceed the limit. They are then in a file, and are published in several Kafka transactions.
     */
    public boolean isSpilled() {
        return spilled != null;
    }

    /** In order, from the first; a spilled transaction can be read only once. */
    public Iterator<CapturedEvent> iterator() {
        return spilled == null ? inMemory.iterator() : spilled.read();
    }

    /** Also frees the file, if one exists. */
    @Override
    public void close() {
        if (spilled != null) {
            spilled.close();
        }
    }
}
