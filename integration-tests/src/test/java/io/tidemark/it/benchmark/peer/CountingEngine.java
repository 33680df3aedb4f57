// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.benchmark.peer;

import io.debezium.embedded.Connect;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.RecordChangeEvent;
import io.debezium.engine.format.ChangeEventFormat;
import io.tidemark.it.harness.TestSource;
import io.tidemark.quickstart.stack.ChildJvm;
import java.net.URI;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.storage.MemoryOffsetBackingStore;

/**
 * A Debezium engine whose handler only counts: an upper limit for everything that is built on the engine and takes its
 * records.
 */
public final class CountingEngine implements Peer {

    @Override
    public String name() {
        return "Debezium engine, counting only";
    }

    @Override
    public TestSource create() throws Exception {
        TestSource source = ChildPeer.createTable("engine");
        ChildPeer.createSlot(source);
        return source;
    }

    @Override
    public String insert() {
        return OutboxTable.INSERT_DEBEZIUM;
    }

    @Override
    public Running start(TestSource source) throws Exception {
        Path counter = source.dir().resolve("counter");
        MappedByteBuffer count = map(counter);
        ChildJvm process = ChildJvm.start(
                "counting engine",
                CountingEngine.class.getName(),
                ChildPeer.arguments(source, counter.toString()),
                ChildPeer.JVM_OPTIONS,
                source.dir().resolve("engine.log"));
        return ChildPeer.run(process, () -> count.getLong(0), null);
    }

    private static MappedByteBuffer map(Path file) throws Exception {
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return channel.map(FileChannel.MapMode.READ_WRITE, 0, Long.BYTES);
        }
    }

    /** In the child. Its count is in a file that both processes map. */
    public static void main(String[] arguments) throws Exception {
        MappedByteBuffer count = map(Path.of(arguments[5]));
        try (DebeziumEngine<RecordChangeEvent<SourceRecord>> engine = DebeziumEngine.create(
                        ChangeEventFormat.of(Connect.class))
                .using(properties(arguments))
                .notifying(
                        (List<RecordChangeEvent<SourceRecord>> batch,
                                DebeziumEngine.RecordCommitter<RecordChangeEvent<SourceRecord>> committer) -> {
                            for (RecordChangeEvent<SourceRecord> event : batch) {
                                committer.markProcessed(event);
                            }
                            committer.markBatchFinished();
                            count.putLong(0, count.getLong(0) + batch.size());
                        })
                .build()) {
            engine.run();
        }
    }

    private static Properties properties(String[] arguments) {
        URI server = URI.create(arguments[0].substring("jdbc:".length()));
        Properties engine = new Properties();
        engine.putAll(Map.of(
                "name", arguments[3],
                "connector.class", "io.debezium.connector.postgresql.PostgresConnector",
                "topic.prefix", arguments[3],
                "database.hostname", server.getHost(),
                "database.port", Integer.toString(server.getPort()),
                "database.dbname", arguments[3],
                "database.user", arguments[1],
                "database.password", arguments[2]));
        engine.putAll(Map.of(
                "plugin.name", "pgoutput",
                "slot.name", arguments[3],
                "publication.name", arguments[3],
                "publication.autocreate.mode", "disabled",
                "table.include.list", "public\\.outboxevent",
                "snapshot.mode", "no_data",
                "offset.storage", MemoryOffsetBackingStore.class.getName(),
                "max.batch.size", "8192",
                "max.queue.size", "32768",
                "poll.interval.ms", "10"));
        return engine;
    }
}
