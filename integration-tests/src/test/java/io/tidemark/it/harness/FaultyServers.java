// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import io.tidemark.quickstart.stack.Directories;
import io.tidemark.quickstart.stack.FreePorts;
import io.tidemark.quickstart.stack.KafkaCluster;
import io.tidemark.quickstart.stack.KafkaListener;
import io.tidemark.quickstart.stack.PostgresServer;
import io.tidemark.quickstart.stack.PostgresStandby;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A separate Postgres and Kafka for a test, which can be killed, paused and restarted. Each of several relays has a
 * {@link TcpProxy} to Postgres and to every broker, for all its traffic. The test itself (truth slot, writers, readers)
 * connects directly.
 */
public final class FaultyServers implements AutoCloseable {

    private final Path dir;
    private Path postgresDir;
    private final int postgresPort;
    private final List<TcpProxy> postgresLinks = new ArrayList<>();
    private final List<List<TcpProxy>> kafkaLinks = new ArrayList<>();
    private final KafkaCluster kafka;
    private PostgresServer postgres;
    private int standbys;

    private FaultyServers(Path dir, int brokers, int relays) {
        this.dir = dir;
        this.postgresDir = dir.resolve("postgres");
        this.postgresPort = FreePorts.next();
        this.kafka = KafkaCluster.start(dir.resolve("kafka"), listeners(brokers, relays));
        try {
            this.postgres = startPostgres();
        } catch (RuntimeException e) {
            kafka.close();
            throw e;
        }
    }

    /**
     * Starts them, with links for this number of relays. Returns when they answer.
     *
     * @param brokers one, or three, of which one may be down
     */
    public static FaultyServers start(int brokers, int relays) throws IOException {
        Path parent = Path.of(System.getProperty("servers.dir"));
        Files.createDirectories(parent);
        return new FaultyServers(Files.createTempDirectory(parent, "faulty-"), brokers, relays);
    }

    /** One listener per relay on each broker, which advertises the address of the relay's proxy. */
    private List<List<KafkaListener>> listeners(int brokers, int relays) {
        List<List<KafkaListener>> listeners = new ArrayList<>();
        for (int broker = 0; broker < brokers; broker++) {
            listeners.add(new ArrayList<>());
        }
        for (int relay = 0; relay < relays; relay++) {
            postgresLinks.add(TcpProxy.to(postgresPort));
            kafkaLinks.add(new ArrayList<>());
            for (int broker = 0; broker < brokers; broker++) {
                int port = FreePorts.next();
                TcpProxy link = TcpProxy.to(port);
                kafkaLinks.get(relay).add(link);
                listeners.get(broker).add(new KafkaListener("RELAY" + relay, port, link.port()));
            }
        }
        return listeners;
    }

    private PostgresServer startPostgres() {
        return PostgresServer.start(postgresDir, postgresPort, Map.of());
    }

    /** The addresses without proxies. */
    public Servers direct() {
        return Servers.at("127.0.0.1:" + postgresPort, kafka.bootstrapServers(), kafka.size());
    }

    /** The addresses for this relay, through its proxies. */
    public Servers through(int relay) {
        String bootstrapServers =
                kafkaLinks.get(relay).stream().map(TcpProxy::address).collect(Collectors.joining(","));
        return Servers.at(postgresLinks.get(relay).address(), bootstrapServers, kafka.size());
    }

    /** The addresses with this Postgres in place of the one that the relays have. */
    public Servers with(PostgresServer other) {
        return Servers.at("127.0.0.1:" + other.port(), kafka.bootstrapServers(), kafka.size());
    }

    public PostgresServer postgres() {
        return postgres;
    }

    /** Starts it on the same data and port, after {@link PostgresServer#killNow}. Returns when it has recovered. */
    public void restartPostgres() {
        postgres = startPostgres();
    }

    /** Starts a standby of Postgres at a new address, with the physical slot {@code name}. */
    public PostgresServer startStandby(String name) {
        standbys++;
        return PostgresStandby.start(postgres, name, standbyDir(), FreePorts.next(), Map.of());
    }

    private Path standbyDir() {
        return dir.resolve("standby-" + standbys);
    }

    /** Starts the killed Postgres on its data again, at a new address, where it waits for no standby. */
    public PostgresServer startDeadPrimaryElsewhere() {
        return PostgresServer.start(postgresDir, FreePorts.next(), Map.of("synchronous_standby_names", ""));
    }

    /** The server that {@link #startStandby} started last gets the address of the killed one, whose data is deleted. */
    public void takeTheAddress(PostgresServer promoted) {
        promoted.close();
        Directories.delete(postgres.data()); // its programs stay: the standby uses them
        postgresDir = standbyDir();
        restartPostgres();
    }

    public KafkaCluster kafka() {
        return kafka;
    }

    public TcpProxy postgresLink(int relay) {
        return postgresLinks.get(relay);
    }

    /** The links to the brokers, one for each. */
    public List<TcpProxy> kafkaLinks(int relay) {
        return kafkaLinks.get(relay);
    }

    /** Undoes all faults of servers and links. Returns when the servers answer. */
    public void restore() {
        links().forEach(TcpProxy::heal);
        if (!postgres.isAlive()) {
            restartPostgres();
        }
        for (int i = 0; i < kafka.size(); i++) {
            kafka.broker(i).resume();
            if (!kafka.broker(i).isAlive()) {
                kafka.broker(i).restart();
            }
        }
    }

    private List<TcpProxy> links() {
        List<TcpProxy> links = new ArrayList<>(postgresLinks);
        kafkaLinks.forEach(links::addAll);
        return links;
    }

    /** Ends everything and deletes the data. */
    @Override
    public void close() {
        links().forEach(TcpProxy::close);
        try {
            kafka.close();
        } finally {
            postgres.close();
            Directories.delete(dir);
        }
    }
}
