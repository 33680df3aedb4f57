// SPDX-License-Identifier: Apache-2.0
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

/**
 * One KRaft node, broker and controller, in a child JVM on loopback, with a separate data directory. The system property
 * {@value #HOME} names an installed Kafka to run instead of the one on the class path, and {@value #HEAP} is its heap,
 * for more than a few hundred partitions.
 */
public final class KafkaServer implements AutoCloseable {

    static final String HOME = "kafka.home";
    static final String HEAP = "kafka.heap";

    private static final List<String> JVM_OPTIONS = List.of(
            "-Xmx" + System.getProperty(HEAP, "256m"),
            "-XX:+UseSerialGC",
            "-Dlogback.configurationFile=logback-broker.xml");
    private static final Duration START_TIMEOUT = Duration.ofSeconds(90);

    private final Path dir;
    private final KafkaNode node;
    private ChildJvm process;

    private KafkaServer(Path dir, KafkaNode node, ChildJvm process) {
        this.dir = dir;
        this.node = node;
        this.process = process;
    }

    /** Starts a broker on the data in {@code dir}, which it initializes if empty. Returns when the broker answers. */
    public static KafkaServer start(Path dir, int port) {
        return start(dir, port, List.of(), Map.of());
    }

    /**
     * Starts a broker with more listeners.
     *
     * @param settings added to the default settings; they override them
     */
    public static KafkaServer start(Path dir, int port, List<KafkaListener> clients, Map<String, String> settings) {
        KafkaServer server = launchNode(dir, KafkaNode.alone(port, clients, settings));
        server.awaitReady();
        return server;
    }

    /** Starts it and returns immediately. */
    static KafkaServer launchNode(Path dir, KafkaNode node) {
        FreePorts.requireFree("Kafka", node.port());
        return new KafkaServer(dir, node, launch(dir, node));
    }

    private static ChildJvm launch(Path dir, KafkaNode node) {
        Path data = dir.resolve("data");
        Path properties = dir.resolve("server.properties");
        try {
            Files.createDirectories(dir);
            Files.writeString(properties, node.properties(data.toAbsolutePath()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Path log = dir.resolve("kafka.log");
        String installed = System.getProperty(HOME);
        return installed == null
                ? ChildJvm.start(
                        "Kafka",
                        BrokerMain.class.getName(),
                        List.of(properties.toString(), data.toString(), Integer.toString(node.id()), node.clusterId()),
                        JVM_OPTIONS,
                        log)
                : launchInstalled(Path.of(installed, "libs"), properties, data, node.clusterId(), log);
    }

    private static ChildJvm launchInstalled(Path libraries, Path properties, Path data, String clusterId, Path log) {
        if (!Files.exists(data.resolve("meta.properties"))) {
            List<String> format = List.of("format", "--config", properties.toString(), "--cluster-id", clusterId);
            try (ChildJvm tool = ChildJvm.startInstalled(
                    "kafka-storage", libraries, "kafka.tools.StorageTool", format, JVM_OPTIONS, log)) {
                if (tool.awaitExit(START_TIMEOUT.toSeconds()) != 0) {
                    throw new StackException("kafka-storage cannot format " + data + "; its log is " + log);
                }
            }
        }
        return ChildJvm.startInstalled(
                "Kafka", libraries, "kafka.Kafka", List.of(properties.toString()), JVM_OPTIONS, log);
    }

    void awaitReady() {
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

    /** Checks the port first: an admin client retries a refused connection in a tight loop. */
    private boolean answers() throws InterruptedException {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), node.port()), 1000);
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
        return "127.0.0.1:" + node.port();
    }

    /** {@code kill -9}; the data is kept. */
    public void kill() {
        process.kill();
    }

    /** {@code SIGSTOP}: the process is suspended, with all its connections open, until {@link #resume}. */
    public void pause() {
        process.pause();
    }

    /** {@code SIGCONT}. */
    public void resume() {
        process.resume();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** Starts again on the same data and ports, after {@link #kill}. */
    public void restart() {
        process = launch(dir, node);
        awaitReady();
    }

    @Override
    public void close() {
        process.close();
    }
}
