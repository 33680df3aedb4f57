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

/** One KRaft node, broker and controller, in a child JVM on loopback, with a separate data directory. */
public final class KafkaServer implements AutoCloseable {

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
        return ChildJvm.start(
                "Kafka",
                BrokerMain.class.getName(),
                List.of(properties.toString(), data.toString(), Integer.toString(node.id()), node.clusterId()),
                List.of("-Xmx256m", "-XX:+UseSerialGC", "-Dlogback.configurationFile=logback-broker.xml"),
                dir.resolve("kafka.log"));
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
