// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.benchmark.peer;

import io.tidemark.it.harness.TestSource;
import io.tidemark.quickstart.stack.ChildJvm;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * The relay that many teams write themselves: takes the oldest rows, sends them, deletes them. At least once, and in the
 * order of a sequence, which is not the order of the commits.
 */
public final class PollingRelay implements Peer {

    private static final int IDLE_MILLIS = 10;

    private final int batch;

    /** @param batch maximum number of rows in each transaction */
    PollingRelay(int batch) {
        this.batch = batch;
    }

    @Override
    public String name() {
        return "polling relay, " + batch + " a batch, at least once";
    }

    @Override
    public TestSource create() throws Exception {
        TestSource source = ChildPeer.createTable("polling");
        source.execute("create index on outboxevent (seq)");
        return source;
    }

    @Override
    public String insert() {
        return OutboxTable.INSERT_DEBEZIUM;
    }

    @Override
    public Running start(TestSource source) {
        ChildJvm process = ChildJvm.start(
                "polling relay",
                PollingRelay.class.getName(),
                ChildPeer.arguments(source, source.topic(OutboxTable.AGGREGATE_TYPE), Integer.toString(batch)),
                ChildPeer.JVM_OPTIONS,
                source.dir().resolve("polling.log"));
        Arrivals arrivals = Arrivals.start(source);
        return ChildPeer.run(process, arrivals::count, arrivals);
    }

    /** In the child. */
    public static void main(String[] arguments) throws Exception {
        Map<String, Object> config = Map.of(
                "bootstrap.servers", arguments[4],
                "linger.ms", "5",
                "batch.size", "262144");
        try (Connection connection = DriverManager.getConnection(arguments[0], arguments[1], arguments[2]);
                KafkaProducer<byte[], byte[]> producer =
                        new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
            connection.setAutoCommit(false);
            try (PreparedStatement take =
                    connection.prepareStatement("with taken as (delete from outboxevent where seq in"
                            + " (select seq from outboxevent order by seq limit ? for update skip locked) returning seq, id::text"
                            + " id, aggregateid, type, payload) select * from taken order by seq")) {
                take.setInt(1, Integer.parseInt(arguments[6]));
                while (!Thread.interrupted()) {
                    if (move(take, producer, arguments[5]) == 0) {
                        TimeUnit.MILLISECONDS.sleep(IDLE_MILLIS);
                    }
                    connection.commit();
                }
            }
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // flush waits for all of them; the benchmark counts what arrives
    private static int move(PreparedStatement take, KafkaProducer<byte[], byte[]> producer, String topic)
            throws Exception {
        int rows = 0;
        try (ResultSet row = take.executeQuery()) {
            while (row.next()) {
                ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, bytes(row, 3), bytes(row, 5));
                record.headers().add("id", bytes(row, 2)).add("type", bytes(row, 4));
                producer.send(record);
                rows++;
            }
        }
        producer.flush();
        return rows;
    }

    private static byte[] bytes(ResultSet row, int column) throws Exception {
        return row.getString(column).getBytes(StandardCharsets.UTF_8);
    }

    static List<Peer> both() {
        return List.of(new PollingRelay(500), new PollingRelay(5_000));
    }
}
