// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.stack;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * One Postgres server in a child process on loopback, with a separate data directory. Durable ({@code fsync} and
 * {@code synchronous_commit} on) and ready for logical decoding.
 */
public final class PostgresServer implements AutoCloseable {

    /** The superuser. */
    public static final String USER = "postgres";
    /** Its password; the server listens on loopback only. */
    public static final String PASSWORD = "tidemark";

    private static final Duration START_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(30);

    private final Process process;
    private final int port;
    private final Path home;
    private final Path data;
    private final Path log;

    private PostgresServer(Process process, int port, Path home, Path data, Path log) {
        this.process = process;
        this.port = port;
        this.home = home;
        this.data = data;
        this.log = log;
    }

    /**
     * Starts a server on the data in {@code dir}, which it initializes if empty. Returns when the server accepts
     * connections. If a killed process has left a server running on the same data, that server is stopped first.
     *
     * @param settings added to the default settings, for example {@code wal_level=replica}
     */
    public static PostgresServer start(Path dir, int port, Map<String, String> settings) {
        PostgresUser user = PostgresUser.detect();
        Path home = user.reachable(dir);
        PostgresBinaries binaries = PostgresBinaries.unpackTo(home);
        Path data = home.resolve("data");
        Path log = home.resolve("postgres.log");
        if (!Files.exists(data.resolve("PG_VERSION"))) {
            initialize(user, binaries, home, data, log);
        }
        stopLeftOver(user, binaries, data, log);
        FreePorts.requireFree("Postgres", port);
        try {
            Process process = launch(user, binaries, data, log, port, settings);
            PostgresServer server = new PostgresServer(process, port, home, data, log);
            server.awaitReady();
            return server;
        } catch (IOException e) {
            throw new StackException("cannot start Postgres: " + e.getMessage(), e);
        }
    }

    private static void initialize(PostgresUser user, PostgresBinaries binaries, Path home, Path data, Path log) {
        Directories.delete(data); // left by an interrupted initdb
        try {
            Path password = home.resolve("initdb-password");
            Files.createDirectories(data);
            Files.writeString(password, PASSWORD);
            user.own(data);
            user.own(password);
            List<String> initdb = new ArrayList<>(List.of(
                    binaries.program("initdb"),
                    "--pgdata=" + data,
                    "--username=" + USER,
                    "--pwfile=" + password,
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale=C",
                    "--no-instructions"));
            if (!binaries.areInstalled()) { // supported from Postgres 16 on
                initdb.add("--set=scram_iterations=1"); // the password is not secret, and clients hash at each connect
            }
            run(user.command(initdb), log, "initdb");
            Files.delete(password);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void stopLeftOver(PostgresUser user, PostgresBinaries binaries, Path data, Path log) {
        Path pidFile = data.resolve("postmaster.pid");
        if (!Files.exists(pidFile)) {
            return;
        }
        try {
            long pid = Long.parseLong(Files.readAllLines(pidFile).get(0).trim());
            if (isPostgres(pid)) {
                run(
                        user.command(List.of(
                                binaries.program("pg_ctl"), "stop", "--pgdata=" + data, "--mode=fast", "--wait")),
                        log,
                        "pg_ctl stop");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The file may be old, and its process id may belong to another process by now. */
    private static boolean isPostgres(long pid) {
        return ProcessHandle.of(pid)
                .flatMap(process -> process.info().command())
                .filter(command -> command.endsWith("/postgres"))
                .isPresent();
    }

    private static void run(List<String> command, Path log, String name) throws IOException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        try {
            int exitCode = process.waitFor();
            if (exitCode != 0) {
                throw new StackException(name + " failed with exit code " + exitCode + "; its output is in " + log);
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new StackException("interrupted during " + name, e);
        }
    }

    /**
     * A shell waits on the pipe from this process and stops the server when the pipe ends. So even a kill -9 of this
     * process does not leave a server behind. The server has a separate session, so it does not receive a terminal's
     * Ctrl-C.
     */
    private static Process launch(
            PostgresUser user, PostgresBinaries binaries, Path data, Path log, int port, Map<String, String> settings)
            throws IOException {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("port", Integer.toString(port));
        all.put("listen_addresses", "127.0.0.1");
        all.put("unix_socket_directories", "");
        all.put("fsync", "on");
        all.put("synchronous_commit", "on");
        all.put("wal_level", "logical");
        all.put("max_wal_senders", "40");
        all.put("max_replication_slots", "60");
        all.put("max_connections", "200");
        all.put("log_min_messages", "fatal");
        all.putAll(settings);
        List<String> command = new ArrayList<>();
        if (Files.isExecutable(Path.of("/usr/bin/setsid"))) {
            command.add("/usr/bin/setsid");
        }
        command.addAll(List.of("/bin/sh", "-c", "\"$@\" & server=$!; cat; kill -INT $server; wait $server", "sh"));
        List<String> server = new ArrayList<>(List.of(binaries.program("postgres"), "-D", data.toString()));
        all.forEach((name, value) -> server.addAll(List.of("-c", name + "=" + value)));
        command.addAll(user.command(server));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
    }

    private void awaitReady() {
        long deadline = System.nanoTime() + START_TIMEOUT.toNanos();
        while (true) {
            try (Connection connection = connect("postgres")) {
                connection.isValid(1);
                return;
            } catch (SQLException e) {
                if (System.nanoTime() > deadline) {
                    close();
                    throw new StackException(
                            "Postgres did not accept connections on port " + port + " within "
                                    + START_TIMEOUT.toSeconds() + " s; its log is " + log,
                            e);
                }
                waitABit();
            }
        }
    }

    private static void waitABit() {
        try {
            TimeUnit.MILLISECONDS.sleep(50);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StackException("interrupted while Postgres was starting", e);
        }
    }

    public int port() {
        return port;
    }

    /** Its data directory. */
    public Path data() {
        return data;
    }

    /** The directory of all its files, including programs and log. */
    Path home() {
        return home;
    }

    /** Copies its data for a server that is started in {@code dir}. Call it when this server is stopped. */
    public void copyTo(Path dir) {
        PostgresData.copyCold(data, dir);
    }

    /** For example {@code jdbc:postgresql://127.0.0.1:5432/shop}. */
    public String url(String database) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
    }

    /** A new connection as the superuser. */
    public Connection connect(String database) throws SQLException {
        return DriverManager.getConnection(url(database), USER, PASSWORD);
    }

    /** Creates the database unless it exists. */
    public void createDatabase(String name) {
        try (Connection connection = connect("postgres");
                Statement statement = connection.createStatement()) {
            var found = statement.executeQuery("select from pg_database where datname = '" + name + "'");
            if (!found.next()) {
                statement.execute("create database \"" + name + "\"");
            }
        } catch (SQLException e) {
            throw new StackException("cannot create database " + name + ": " + e.getMessage(), e);
        }
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** {@code SIGSTOP} for the server and its current sessions, until the pause is closed. */
    public ProcessPause pause() {
        return ProcessPause.of(ProcessTree.pids(ProcessTree.of(process.toHandle())));
    }

    /**
     * {@code kill -9} of the server and of all its sessions. Returns when none of them is left. Otherwise a start on
     * the same data would fail: Postgres refuses while an old session has the shared memory, or the old process id
     * exists.
     */
    public void killNow() {
        ProcessTree.killBelow(process.toHandle());
        awaitShell(); // it reaps the server, so that the process id is free
    }

    /** A fast shutdown: ends all sessions and writes everything to disk. */
    @Override
    public void close() {
        try {
            process.getOutputStream().close(); // the shell's cat ends
        } catch (IOException e) {
            process.destroyForcibly();
            throw new UncheckedIOException(e);
        }
        awaitShell();
    }

    private void awaitShell() {
        try {
            if (!process.waitFor(STOP_TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
