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
 * The consumer of {@link GroupConsumer} as a process of its own, to be killed between what it does with an event and its
 * commit. What it has processed it writes to a file.
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

    /** Starts it; returns at once. */
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
                            journal.flush(); // a kill takes nothing back that the system has
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    },
                    () -> false);
        }
    }

    /** {@code SIGKILL}, wherever it is. */
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

    /** When each event had been processed for the first time, by {@link System#nanoTime}. */
    public Map<String, Long> processedNanos() throws IOException {
        Map<String, Long> first = new HashMap<>();
        for (String line : Files.readAllLines(journal)) { // each is one write: a kill cuts none in two
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
