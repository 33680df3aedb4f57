// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import io.debezium.embedded.Connect;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.RecordChangeEvent;
import io.debezium.engine.format.ChangeEventFormat;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.connect.header.Header;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.storage.FileOffsetBackingStore;
import org.apache.kafka.connect.storage.SimpleHeaderConverter;
import org.apache.kafka.connect.storage.StringConverter;
import org.jspecify.annotations.Nullable;

/**
 * Debezium with its outbox event router, as on Kafka Connect: its own connector, slot and offsets, the router's
 * transformation, and Connect's string converters. Writes at least once, without transactions.
 */
public final class DebeziumRouter implements AutoCloseable {

    private final KafkaProducer<byte[], byte[]> producer;
    private final StringConverter converter = new StringConverter();
    private final SimpleHeaderConverter headerConverter = new SimpleHeaderConverter();
    private final DebeziumEngine<RecordChangeEvent<SourceRecord>> engine;
    private final Thread thread;
    private volatile @Nullable String end;

    private DebeziumRouter(TestSource source) {
        converter.configure(Map.of("schemas.enable", false), false);
        producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", source.servers().bootstrapServers()),
                new ByteArraySerializer(),
                new ByteArraySerializer());
        engine = DebeziumEngine.create(ChangeEventFormat.of(Connect.class))
                .using(properties(source))
                .notifying(
                        (List<RecordChangeEvent<SourceRecord>> batch,
                                DebeziumEngine.RecordCommitter<RecordChangeEvent<SourceRecord>> committer) -> {
                            for (RecordChangeEvent<SourceRecord> event : batch) {
                                send(event.record());
                                committer.markProcessed(event);
                            }
                            committer.markBatchFinished();
                        })
                .using((success, message, error) -> end = String.valueOf(error == null ? message : error))
                .build();
        thread = new Thread(engine, "debezium-router");
        thread.setDaemon(true);
        thread.start();
    }

    /** With a separate slot and publication, which it creates; topics are those of {@link TestSource#topic}. */
    public static DebeziumRouter start(TestSource source) {
        return new DebeziumRouter(source);
    }

    public static String slot(TestSource source) {
        return source.name() + "_dbz";
    }

    private static Properties properties(TestSource source) {
        URI server = URI.create(source.servers().url(source.name()).substring("jdbc:".length()));
        Path offsets = source.dir().resolve("debezium.offsets");
        Properties engine = new Properties();
        engine.putAll(Map.of(
                "name", slot(source),
                "connector.class", "io.debezium.connector.postgresql.PostgresConnector",
                "topic.prefix", slot(source),
                "database.hostname", server.getHost(),
                "database.port", Integer.toString(server.getPort()),
                "database.dbname", source.name(),
                "database.user", source.servers().user(),
                "database.password", source.servers().password()));
        engine.putAll(Map.of(
                "plugin.name", "pgoutput",
                "slot.name", slot(source),
                "publication.name", slot(source),
                "publication.autocreate.mode", "filtered",
                "table.include.list", "public\\.outboxevent",
                "snapshot.mode", "no_data",
                "offset.storage", FileOffsetBackingStore.class.getName(),
                "offset.storage.file.filename", offsets.toString(),
                "offset.flush.interval.ms", "0",
                "poll.interval.ms", "20"));
        // the creation of a slot may have to wait for transactions to end
        engine.setProperty("task.management.timeout.ms", "600000");
        engine.putAll(Map.of(
                "transforms", "outbox",
                "transforms.outbox.type", "io.debezium.transforms.outbox.EventRouter",
                "transforms.outbox.route.topic.replacement", source.name() + ".${routedByValue}",
                "transforms.outbox.table.fields.additional.placement", "type:header:eventType"));
        return engine;
    }

    private void send(SourceRecord record) {
        String topic = record.topic();
        ProducerRecord<byte[], byte[]> outgoing = new ProducerRecord<>(
                topic,
                null,
                record.timestamp(),
                converter.fromConnectData(topic, record.keySchema(), record.key()),
                converter.fromConnectData(topic, record.valueSchema(), record.value()));
        for (Header header : record.headers()) {
            outgoing.headers()
                    .add(
                            header.key(),
                            headerConverter.fromConnectHeader(topic, header.key(), header.schema(), header.value()));
        }
        try {
            producer.send(outgoing).get();
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException("not sent: " + outgoing, e);
        }
    }

    /** Fails with the cause if the engine has ended unexpectedly. */
    public void checkRunning() {
        if (!thread.isAlive()) {
            throw new IllegalStateException("Debezium has ended: " + end);
        }
    }

    /** Stops it cleanly: sends received events and stores the offset. */
    @Override
    public void close() throws IOException, InterruptedException {
        if (thread.isAlive()) {
            engine.close();
            thread.join();
        }
        producer.close();
    }
}
