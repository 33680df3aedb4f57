// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import static org.awaitility.Awaitility.await;

import io.tidemark.quickstart.stack.FreePorts;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A real PgBouncer in transaction mode, a child process: each transaction may get another server session. */
public final class PgBouncer implements AutoCloseable {

    /** Fewer sessions than the tests have threads. */
    private static final int POOL_SIZE = 4;

    private final Path config;
    private final int port;
    private Process process;

    private PgBouncer(Path config, int port) throws IOException {
        this.config = config;
        this.port = port;
        this.process = spawn();
    }

    /** Whether the program is installed, for {@code @EnabledIf}. */
    public static boolean isInstalled() {
        return Stream.of("/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer")
                .anyMatch(path -> Files.isExecutable(Path.of(path)));
    }

    /**
     * Serves a database of the shared server. PgBouncer refuses to run as root, so in that case it runs as user nobody.
     */
    public static PgBouncer start(Servers servers, String database) throws Exception {
        URI server = URI.create(servers.url(database).substring("jdbc:".length()));
        int port = FreePorts.next();
        Path directory = Files.createTempDirectory("pgbouncer");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        Path users = Files.writeString(
                directory.resolve("users"), "\"" + servers.user() + "\" \"" + servers.password() + "\"\n");
        Path config = Files.writeString(directory.resolve("pgbouncer.ini"), """
                [databases]
                %s = host=%s port=%d dbname=%s user=%s password=%s
                [pgbouncer]
                listen_addr = 127.0.0.1
                listen_port = %d
                unix_socket_dir =
                auth_type = any
                auth_file = %s
                pool_mode = transaction
                default_pool_size = %d
                ignore_startup_parameters = extra_float_digits
                server_login_retry = 1
                """.formatted(
                        database,
                        server.getHost(),
                        server.getPort(),
                        database,
                        servers.user(),
                        servers.password(),
                        port,
                        users,
                        POOL_SIZE));
        return new PgBouncer(config, port);
    }

    /** Returns when it listens. */
    private Process spawn() throws IOException {
        List<String> command = new ArrayList<>(List.of("pgbouncer"));
        if (System.getProperty("user.name").equals("root")) {
            command.addAll(List.of("-u", "nobody"));
        }
        command.add(config.toString());
        Process started = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        config.resolveSibling("log").toFile()))
                .start();
        await("PgBouncer listens").ignoreExceptions().until(() -> {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                return socket.isConnected();
            }
        });
        return started;
    }

    /** {@code SIGKILL}: no transaction in progress gets an answer. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Starts it at the same address, after {@link #kill}. */
    void restart() throws IOException {
        process = spawn();
    }

    /** The pooler cannot move a prepared statement of the driver from one session to the next. */
    public String url(String database) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + database + "?prepareThreshold=0";
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        process.waitFor(10, TimeUnit.SECONDS);
    }
}
