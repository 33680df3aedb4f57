// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture.engine;

import static org.awaitility.Awaitility.await;

import io.debezium.connector.postgresql.PostgresConnector;
import io.debezium.embedded.Connect;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.RecordChangeEvent;
import io.debezium.engine.format.ChangeEventFormat;
import io.tidemark.it.harness.TestSource;
import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.OutboxConfig;
import io.tidemark.relay.config.PostgresConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.storage.FileOffsetBackingStore;

/** Unmodified Debezium: its own connector, its own offsets in a file, its own resume. */
final class StockEngine implements AutoCloseable {

    private final List<SourceRecord> records = new CopyOnWriteArrayList<>();
    private final DebeziumEngine<RecordChangeEvent<SourceRecord>> engine;
    private final Thread thread;

    private StockEngine(PostgresConfig postgres, Path offsets) {
        Properties properties = EngineProperties.of(postgres, OutboxConfig.DEFAULT, "stock");
        properties.setProperty("connector.class", PostgresConnector.class.getName());
        properties.setProperty("offset.storage", FileOffsetBackingStore.class.getName());
        properties.setProperty("offset.storage.file.filename", offsets.toString());
        properties.setProperty("offset.flush.interval.ms", "0");
        // The END record of a transaction writes its commit LSN into the offset, like a heartbeat.
        properties.setProperty("provide.transaction.metadata", "true");
        properties.setProperty("poll.interval.ms", "20");
        properties.remove("driver.socketFactory");
        properties.remove("driver.socketFactoryArg");
        this.engine = DebeziumEngine.create(ChangeEventFormat.of(Connect.class))
                .using(properties)
                .notifying(
                        (List<RecordChangeEvent<SourceRecord>> batch,
                                DebeziumEngine.RecordCommitter<RecordChangeEvent<SourceRecord>> committer) -> {
                            for (RecordChangeEvent<SourceRecord> event : batch) {
                                committer.markProcessed(event);
                            }
                            committer.markBatchFinished();
                            batch.forEach(event -> records.add(event.record()));
                        })
                .build();
        this.thread = new Thread(engine, "stock-engine");
        thread.setDaemon(true);
        thread.start();
    }

    static StockEngine start(TestSource source, Path offsets) {
        return new StockEngine(source.configuration().postgres(), offsets);
    }

    /** Waits for the event with this payload. */
    void awaitPayload(String payload) {
        await("event " + payload).until(() -> payloads().contains(payload));
    }

    /** Waits until the offset that will be stored for a record is at the end of this commit. */
    void awaitOffset(Lsn commitLsn) {
        Predicate<SourceRecord> atCommit = record ->
                Long.valueOf(commitLsn.value()).equals(record.sourceOffset().get("lsn_proc"));
        await("an offset at " + commitLsn).until(() -> records.stream().anyMatch(atCommit));
    }

    List<String> payloads() {
        return records.stream()
                .map(record -> (Struct) record.value())
                .filter(value -> value.schema().field("after") != null)
                .map(value -> value.getStruct("after").getString("payload"))
                .toList();
    }

    /** Stops cleanly: the engine finishes its batch and stores its offset. */
    @Override
    public void close() throws IOException, InterruptedException {
        engine.close();
        thread.join(CapturedStream.PATIENCE.toMillis());
    }
}
