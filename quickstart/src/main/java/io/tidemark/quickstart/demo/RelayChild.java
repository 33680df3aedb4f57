package io.tidemark.quickstart.demo;

import io.tidemark.quickstart.stack.ChildJvm;
import io.tidemark.quickstart.stack.LocalStack;
import io.tidemark.relay.cli.TidemarkCli;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** The relay as {@code tidemark run} in a process of its own, started again whenever it ends, as Kubernetes would. */
final class RelayChild implements AutoCloseable {

    static final String USER = "tidemark_relay";
    static final String PASSWORD = "tidemark";

    private final Path config;
    private final Path log;
    private final Consumer<String> tell;
    private final Thread watch = new Thread(this::restartWhenDead, "relay-watch");
    private volatile boolean closing;
    private volatile ChildJvm process;

    private RelayChild(Path config, Path log, Consumer<String> tell) {
        this.config = config;
        this.log = log;
        this.tell = tell;
        this.process = launch();
    }

    /** Writes the relay's configuration, with rights as few as in production. */
    static Path configure(Path dir, LocalStack stack, int port, int adminPort) throws IOException {
        Path config = dir.resolve("relay.yml");
        Files.writeString(config, """
                postgres:
                  url: jdbc:postgresql://127.0.0.1:%d/%s
                  user: %s
                  password: %s
                kafka:
                  bootstrapServers: %s
                  topics: {partitions: 4, replicationFactor: 1}
                projections:
                  - {name: %s, topics: [%s]}
                server:
                  applicationConnectors: [{type: http, bindHost: 127.0.0.1, port: %d}]
                  adminConnectors: [{type: http, bindHost: 127.0.0.1, port: %d}]
                  requestLog: {appenders: []}
                """.formatted(
                        stack.postgres().port(),
                        Shop.DATABASE,
                        USER,
                        PASSWORD,
                        stack.kafka().bootstrapServers(),
                        OrdersView.NAME,
                        OrdersView.TOPIC,
                        port,
                        adminPort));
        return config;
    }

    /** @param tell told when the relay had to be started again */
    static RelayChild start(Path config, Path log, Consumer<String> tell) {
        RelayChild relay = new RelayChild(config, log, tell);
        relay.watch.setDaemon(true);
        relay.watch.start();
        return relay;
    }

    private ChildJvm launch() {
        return ChildJvm.start(
                "the relay",
                TidemarkCli.class.getName(),
                List.of("run", config.toString()),
                List.of("-Xmx256m", "-XX:+UseSerialGC"),
                log);
    }

    private void restartWhenDead() {
        try {
            while (!closing) {
                if (!process.isAlive()) {
                    long dead = process.pid();
                    process = launch();
                    tell.accept("The relay (pid " + dead + ") is gone; started again as pid " + process.pid() + ".");
                }
                TimeUnit.MILLISECONDS.sleep(500);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    Path log() {
        return log;
    }

    long pid() {
        return process.pid();
    }

    @Override
    public void close() {
        closing = true;
        watch.interrupt();
        try {
            watch.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.close();
    }
}
