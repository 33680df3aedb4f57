// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import static org.awaitility.Awaitility.await;

import io.tidemark.outbox.OwnTopics;
import io.tidemark.relay.position.SourcePosition;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * A source on {@link FaultyServers} with relays that each have their own links: everything in a fault test that can be
 * killed, paused, disconnected and restored. The servers outlive it.
 */
public final class FaultyWorld implements AutoCloseable {

    private final FaultyServers servers;
    private final TestSource source;
    private final Map<Integer, RelayProcess> relays = new TreeMap<>();
    private @Nullable GroupProcess consumer;
    private @Nullable PgBouncer pooler;

    private FaultyWorld(FaultyServers servers, TestSource source) {
        this.servers = servers;
        this.source = source;
    }

    /** A fresh source without a relay; {@code label} makes its names readable. */
    public static FaultyWorld on(FaultyServers servers, String label) throws Exception {
        return new FaultyWorld(servers, TestSource.create(label, servers.direct()));
    }

    public FaultyServers servers() {
        return servers;
    }

    public TestSource source() {
        return source;
    }

    /** Starts a relay behind the links of this number and returns immediately. */
    public RelayProcess startRelay(int number, String... more) {
        return startRelay(number, RelayProcess.Launch.PLAIN, more);
    }

    public RelayProcess startRelay(int number, RelayProcess.Launch launch, String... more) {
        RelayProcess relay = RelayProcess.start(source, servers.through(number), launch, more);
        if (relays.put(number, relay) != null) {
            throw new IllegalStateException("relay " + number + " was started before; restart it");
        }
        return relay;
    }

    public RelayProcess relay(int number) {
        RelayProcess relay = relays.get(number);
        if (relay == null) {
            throw new IllegalStateException("relay " + number + " was never started");
        }
        return relay;
    }

    /** Starts the consumer of the projection {@code view} and returns immediately. */
    public GroupProcess startConsumer() {
        if (consumer != null) {
            throw new IllegalStateException("the consumer was started before; restart it");
        }
        consumer = GroupProcess.start(source);
        return consumer;
    }

    public GroupProcess consumer() {
        if (consumer == null) {
            throw new IllegalStateException("the consumer was never started");
        }
        return consumer;
    }

    /** Puts a pooler in transaction mode between writers and Postgres, if one is installed. */
    public void startPooler() throws Exception {
        if (PgBouncer.isInstalled()) {
            pooler = PgBouncer.start(source.servers(), source.name());
        }
    }

    /** Empty if it was not started, or no program for it is installed. */
    Optional<PgBouncer> pooler() {
        return Optional.ofNullable(pooler);
    }

    /** A writer's connection, through the pooler if there is one. */
    public Connection connectAsWriter() throws SQLException {
        return pooler == null
                ? source.connect()
                : DriverManager.getConnection(
                        pooler.url(source.name()),
                        source.servers().user(),
                        source.servers().password());
    }

    public TcpProxy postgresLink(int relay) {
        return servers.postgresLink(relay);
    }

    /** The links to the brokers, one for each. */
    public List<TcpProxy> kafkaLinks(int relay) {
        return servers.kafkaLinks(relay);
    }

    /** The number of the relay that captures; waits for it. */
    public int awaitActive() {
        return await("an active relay")
                .pollInterval(Duration.ofMillis(50))
                .until(this::active, OptionalInt::isPresent)
                .getAsInt();
    }

    private OptionalInt active() throws InterruptedException {
        for (Map.Entry<Integer, RelayProcess> relay : relays.entrySet()) {
            if (relay.getValue().isAlive() && relay.getValue().state().equals("running")) {
                return OptionalInt.of(relay.getKey());
            }
        }
        return OptionalInt.empty();
    }

    /** The process ids in the source's records in {@code tidemark.positions}, in the order of the records. */
    public List<Long> publishers() throws SQLException {
        String sourceId = source.sourceId();
        List<Long> pids = new ArrayList<>();
        TopicPartition partition = new TopicPartition(OwnTopics.POSITIONS, 0);
        try (KafkaConsumer<byte[], byte[]> consumer = TopicReader.consumer(source.servers(), Map.of())) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
            while (consumer.position(partition) < end) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                    if (sourceId.equals(new String(record.key(), StandardCharsets.UTF_8))) {
                        String owner = SourcePosition.fromJson(record.value()).owner();
                        pids.add(Long.parseLong(owner.substring(0, owner.indexOf('@'))));
                    }
                }
            }
        }
        return pids;
    }

    /** Ends relays and source, and restores servers and links. */
    @Override
    public void close() throws Exception {
        servers.restore();
        relays.values().forEach(RelayProcess::close);
        if (consumer != null) {
            consumer.close();
        }
        if (pooler != null) {
            pooler.close();
        }
        source.close();
    }
}
