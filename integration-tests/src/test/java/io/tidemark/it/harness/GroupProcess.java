// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import io.tidemark.quickstart.stack.ChildJvm;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The consumer of {@link GroupConsumer} as a separate process, which can be killed between the processing of an event
 * and its commit. It writes processed events to a file.
 */
public final class GroupProcess implements AutoCloseable {

    private final TestSource source;
    private final Path journal;
    private ChildJvm process;

    private GroupProcess(TestSource source) {
        this.source = source;
        this.journal = source.dir().resolve("processed");
        this.process = spawn();
    }

    /** Starts it and returns immediately. */
    public static GroupProcess start(TestSource source) {
        return new GroupProcess(source);
    }

    /** The name of its group. */
    public static String groupOf(TestSource source) {
        return GroupConsumer.groupOf(source);
    }

    private ChildJvm spawn() {
        return ChildJvm.start(
                "consumer",
                GroupProcess.class.getName(),
                List.of(
                        source.servers().bootstrapServers(),
                        GroupConsumer.groupOf(source),
                        source.topic("order"),
                        journal.toString()),
                List.of("-Xmx96m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                source.dir().resolve("consumer.log"));
    }

    public static void main(String[] args) throws Exception {
        try (BufferedWriter journal =
                Files.newBufferedWriter(Path.of(args[3]), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            GroupConsumer.consume(
                    args[0],
                    args[1],
                    args[2],
                    3,
                    (id, nanos) -> {
                        try {
                            journal.write(id + " " + nanos + "\n");
                            journal.flush(); // a kill does not lose data that the system has
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    },
                    () -> false);
        }
    }

    /** {@code SIGKILL}, at any point. */
    public void kill() {
        process.kill();
    }

    public void restart() {
        process = spawn();
    }

    public void pause() {
        process.pause();
    }

    public void resume() {
        process.resume();
    }

    /** When each event was first processed, by {@link System#nanoTime}. */
    public Map<String, Long> processedNanos() throws IOException {
        Map<String, Long> first = new HashMap<>();
        for (String line : Files.readAllLines(journal)) { // each line is one write, so a kill cannot leave half a line
            String[] entry = line.split(" ", 2);
            first.putIfAbsent(entry[0], Long.parseLong(entry[1]));
        }
        return first;
    }

    @Override
    public void close() {
        process.close();
    }
}
