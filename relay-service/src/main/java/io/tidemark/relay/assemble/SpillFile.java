// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.assemble;

import io.tidemark.relay.capture.CapturedEvent;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** Events in a file without a name: appended, then read once, gone on close. Its format never outlives the process. */
final class SpillFile implements AutoCloseable {

    private static final int BUFFER_BYTES = 1 << 16;
    private static final int NULL = -1;

    private final Path directory;
    private final FileChannel channel;
    private final DataOutputStream out;
    private int count;

    private SpillFile(Path directory, FileChannel channel) {
        this.directory = directory;
        this.channel = channel;
        this.out = new DataOutputStream(new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER_BYTES));
    }

    /** @throws SpillFailed naming the directory, which must exist and be writable */
    static SpillFile create(Path directory) {
        try {
            Path file = Files.createTempFile(directory, "tidemark-transaction-", ".spill");
            FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
            Files.delete(file); // it now exists only for this channel; not even a kill -9 leaves it behind
            return new SpillFile(directory, channel);
        } catch (IOException e) {
            throw new SpillFailed(directory, e);
        }
    }

    void append(CapturedEvent event) {
        try {
            writeText(event.id());
            writeText(event.aggregateType());
            writeText(event.aggregateId());
            writeText(event.eventType());
            writeBytes(event.payload());
            writeText(event.contentType());
            writeText(event.headers());
            writeText(event.traceparent());
            writeText(event.tracestate());
            out.writeLong(event.createdAtMillis());
            writeText(event.defect());
            out.writeBoolean(event.hasRow());
            count++;
        } catch (IOException e) {
            throw new SpillFailed(directory, e);
        }
    }

    private void writeText(@Nullable String text) throws IOException {
        writeBytes(text == null ? null : text.getBytes(StandardCharsets.UTF_8));
    }

    private void writeBytes(byte @Nullable [] bytes) throws IOException {
        if (bytes == null) {
            out.writeInt(NULL);
        } else {
            out.writeInt(bytes.length);
            out.write(bytes);
        }
    }

    Iterator<CapturedEvent> read() {
        try {
            out.flush();
            channel.position(0);
        } catch (IOException e) {
            throw new SpillFailed(directory, e);
        }
        DataInputStream in =
                new DataInputStream(new BufferedInputStream(Channels.newInputStream(channel), BUFFER_BYTES));
        return new Iterator<>() {
            private int next;

            @Override
            public boolean hasNext() {
                return next < count;
            }

            @Override
            public CapturedEvent next() {
                if (!hasNext()) {
                    throw new NoSuchElementException();
                }
                next++;
                return readNext(in);
            }
        };
    }

    private CapturedEvent readNext(DataInputStream in) {
        try {
            return new CapturedEvent(
                    readRequired(in),
                    readRequired(in),
                    readRequired(in),
                    readRequired(in),
                    readBytes(in),
                    readText(in),
                    readText(in),
                    readText(in),
                    readText(in),
                    in.readLong(),
                    readText(in),
                    in.readBoolean());
        } catch (IOException e) {
            throw new SpillFailed(directory, e);
        }
    }

    private static String readRequired(DataInputStream in) throws IOException {
        String text = readText(in);
        if (text == null) {
            throw new IllegalStateException("a required field is null in the spill file");
        }
        return text;
    }

    private static @Nullable String readText(DataInputStream in) throws IOException {
        byte[] bytes = readBytes(in);
        return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
    }

    private static byte @Nullable [] readBytes(DataInputStream in) throws IOException {
        int length = in.readInt();
        return length == NULL ? null : in.readNBytes(length);
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new SpillFailed(directory, e);
        }
    }
}
