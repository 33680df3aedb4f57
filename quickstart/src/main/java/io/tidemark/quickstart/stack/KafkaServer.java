package io.tidemark.quickstart.stack;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;

/** One KRaft broker in a child JVM, on loopback, with its data in a directory of its own. */
public final class KafkaServer implements AutoCloseable {

    private static final Duration START_TIMEOUT = Duration.ofSeconds(90);

    private final Path dir;
    private final int port;
    private ChildJvm process;

    private KafkaServer(Path dir, int port, ChildJvm process) {
        this.dir = dir;
        this.port = port;
        this.process = process;
    }

    /** Starts a broker on the data in {@code dir}, made when empty, and returns when it answers. */
    public static KafkaServer start(Path dir, int port) {
        FreePorts.requireFree("Kafka", port);
        KafkaServer server = new KafkaServer(dir, port, launch(dir, port));
        server.awaitReady();
        return server;
    }

    private static ChildJvm launch(Path dir, int port) {
        Path data = dir.resolve("data");
        Path properties = dir.resolve("server.properties");
        int controllerPort = FreePorts.next();
        try {
            Files.createDirectories(dir);
            Files.writeString(properties, """
                    process.roles=broker,controller
                    node.id=1
                    controller.quorum.voters=1@127.0.0.1:%2$d
                    controller.listener.names=CONTROLLER
                    listeners=PLAINTEXT://127.0.0.1:%1$d,CONTROLLER://127.0.0.1:%2$d
                    advertised.listeners=PLAINTEXT://127.0.0.1:%1$d
                    listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
                    log.dirs=%3$s
                    num.partitions=4
                    offsets.topic.replication.factor=1
                    offsets.topic.num.partitions=4
                    transaction.state.log.replication.factor=1
                    transaction.state.log.min.isr=1
                    transaction.state.log.num.partitions=4
                    share.coordinator.state.topic.replication.factor=1
                    share.coordinator.state.topic.min.isr=1
                    default.replication.factor=1
                    group.initial.rebalance.delay.ms=0
                    # back within seconds after a kill -9
                    broker.session.timeout.ms=1500
                    broker.heartbeat.interval.ms=250
                    """.formatted(port, controllerPort, data.toAbsolutePath()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return ChildJvm.start(
                "Kafka",
                BrokerMain.class.getName(),
                List.of(properties.toString(), data.toString()),
                List.of("-Xmx256m", "-XX:+UseSerialGC", "-Dlogback.configurationFile=logback-broker.xml"),
                dir.resolve("kafka.log"));
    }

    private void awaitReady() {
        long deadline = System.nanoTime() + START_TIMEOUT.toNanos();
        try {
            while (!answers()) {
                if (!process.isAlive()) {
                    throw new StackException("Kafka ended while starting; its log is " + process.log());
                }
                if (System.nanoTime() > deadline) {
                    throw new StackException("Kafka did not answer on " + bootstrapServers() + " within "
                            + START_TIMEOUT.toSeconds() + " s; its log is " + process.log());
                }
                TimeUnit.MILLISECONDS.sleep(100);
            }
        } catch (InterruptedException e) {
            process.close();
            Thread.currentThread().interrupt();
            throw new StackException("interrupted while Kafka was starting", e);
        } catch (StackException e) {
            process.close();
            throw e;
        }
    }

    /** The port first: an admin client retries a refused connection in a tight loop. */
    private boolean answers() throws InterruptedException {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
        } catch (IOException e) {
            return false;
        }
        try (Admin admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers()))) {
            return !admin.describeCluster().nodes().get(5, TimeUnit.SECONDS).isEmpty();
        } catch (ExecutionException | TimeoutException e) {
            return false;
        }
    }

    public String bootstrapServers() {
        return "127.0.0.1:" + port;
    }

    /** {@code kill -9}; the data stays. */
    public void kill() {
        process.kill();
    }

    /** Starts again on the same data and port, after {@link #kill}. */
    public void restart() {
        process = launch(dir, port);
        awaitReady();
    }

    @Override
    public void close() {
        process.close();
    }
}
