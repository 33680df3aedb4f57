// SPDX-License-Identifier: Apache-2.0
package io.tidemark.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.quickstart.Quickstart;
import io.tidemark.quickstart.stack.FreePorts;
import io.tidemark.relay.cli.TidemarkCli;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A person who follows a page: runs its blocks in order, in an empty directory, and compares what is printed with what
 * the page shows. {@code bin/tidemark} runs the class path of this JVM. Ports are free ones, because a machine can have
 * several readers.
 */
final class Reader implements AutoCloseable {

    private static final String PSQL = "psql postgresql://postgres:tidemark@127.0.0.1:54321/shop";
    /** One command can do as much as a whole test: it starts servers, or plays the demo. */
    private static final Duration PATIENCE = Duration.ofSeconds(3L * Integer.getInteger("patience.seconds", 180));

    /** The beginnings of the commands that run until Ctrl-C, and what they print when they are ready. */
    private static final Map<String, String> SERVERS =
            Map.of("bin/tidemark stack", "bootstrapServers", "bin/tidemark run", "state=running", "kcat ", "");

    private record Run(String command, Process process, Path out, Path err) {

        String output() throws IOException {
            return Files.readString(out);
        }

        String all() throws IOException {
            return "$ " + command + "\n" + output() + Files.readString(err);
        }
    }

    private final Path dir;
    private final int postgresPort = FreePorts.next();
    private final int kafkaPort = FreePorts.next();
    private final int httpPort = FreePorts.next();
    private final int adminPort = FreePorts.next();
    private final Deque<Run> servers = new ArrayDeque<>();
    /** What this run has in the place of the ids and tokens that the page shows. */
    private final Map<String, String> real = new HashMap<>();

    private int runs;
    private String lastOutput = "";

    Reader(Path dir) throws IOException {
        this.dir = dir;
        Path launcher = Files.createDirectory(dir.resolve("bin")).resolve("tidemark");
        Files.writeString(launcher, launcherScript());
        assertThat(launcher.toFile().setExecutable(true)).isTrue();
    }

    private String launcherScript() {
        return String.join(
                "\n",
                "#!/bin/sh",
                "main=" + TidemarkCli.class.getName(),
                "case $1 in",
                "  demo) main=" + Quickstart.class.getName() + " ;;",
                "  stack) main=" + Quickstart.class.getName(),
                "    set -- \"$@\" --postgres-port " + postgresPort + " --kafka-port " + kafkaPort + " ;;",
                "  explain) set -- \"$@\" --url http://127.0.0.1:" + httpPort + " ;;",
                "esac",
                "exec '" + Path.of(System.getProperty("java.home"), "bin", "java")
                        + "' -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp '"
                        + System.getProperty("java.class.path")
                        + "' io.tidemark.quickstart.stack.ChildMain $main \"$@\"",
                "");
    }

    /** Does what the block says, or compares the block with the output of the one before. */
    void follow(Block block) throws Exception {
        switch (block.language()) {
            case "sh", "console" -> {
                for (ShellCommand command : block.commands()) {
                    follow(block, command);
                }
            }
            case "yaml" -> Files.writeString(dir.resolve("relay.yml"), here(block.text()) + server());
            case "sql" -> {
                Path script = Files.writeString(dir.resolve("script.sql"), block.text());
                lastOutput = end(start(PSQL + " -v ON_ERROR_STOP=1 -f " + script));
                new ShownOutput(block.text()).learn(lastOutput, real);
            }
            default -> {
                ShownOutput shown = new ShownOutput(block.text());
                assertThat(shown.isAllOf(lastOutput))
                        .as("%s shows%n%s%nbut was%n%s", block, block.text(), lastOutput)
                        .isTrue();
                shown.learn(lastOutput, real);
            }
        }
    }

    private void follow(Block block, ShellCommand command) throws Exception {
        String line = command.source();
        ShownOutput shown = new ShownOutput(command.output());
        for (Map.Entry<String, String> server : SERVERS.entrySet()) {
            if (line.startsWith(server.getKey())) {
                servers.push(start(line));
                await(block + ": " + line).atMost(PATIENCE).until(() -> isReady(line, server.getValue(), shown));
                return;
            }
        }
        if (command.program().equals("psql")) {
            end(start(line + " -c 'select 1'")); // the next block has the statements
            return;
        }
        String output = end(start(line));
        if (command.program().equals("curl")) {
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            while (!shown.isAllOf(output) && System.nanoTime() < deadline) {
                output = end(start(line)); // a person is slower than a test
            }
        }
        if (!command.output().isBlank()) {
            assertThat(shown.isAllOf(output))
                    .as("%s: %s shows%n%s%nbut was%n%s", block, line, command.output(), output)
                    .isTrue();
            shown.learn(output, real);
        }
        lastOutput = output;
    }

    private boolean isReady(String line, String ready, ShownOutput shown) throws IOException {
        Run run = servers.element();
        if (line.startsWith("kcat ") && !run.process().isAlive()) {
            servers.pop(); // it gives up a topic that does not exist yet; a person is slower than a test
            servers.push(start(line));
            return false;
        }
        assertThat(run.process().isAlive()).as(run.all()).isTrue();
        return run.output().contains(ready) && shown.isStartOf(run.output());
    }

    private Run start(String line) throws IOException {
        int number = ++runs;
        Path out = dir.resolve("out-" + number);
        Path err = dir.resolve("err-" + number);
        String command = here(line);
        Process process = new ProcessBuilder(List.of("/bin/sh", "-c", "exec " + command))
                .directory(dir.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        return new Run(command, process, out, err);
    }

    private static String end(Run run) throws IOException, InterruptedException {
        assertThat(run.process().waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .as("has ended: " + run.all())
                .isTrue();
        assertThat(run.process().exitValue()).as(run.all()).isZero();
        return run.output();
    }

    /** Ctrl-C in the terminal of the last server that starts like this. */
    void interrupt(String command) throws IOException, InterruptedException {
        Run run = servers.stream()
                .filter(server -> server.command().startsWith(command))
                .findFirst()
                .orElseThrow();
        servers.remove(run);
        end(start("kill -INT " + run.process().pid()));
        assertThat(run.process().waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .as(run.all())
                .isTrue();
    }

    private String server() {
        return "server: {applicationConnectors: [{type: http, bindHost: 127.0.0.1, port: " + httpPort
                + "}], adminConnectors: [{type: http, bindHost: 127.0.0.1, port: " + adminPort
                + "}], requestLog: {appenders: []}}\n";
    }

    /** The text of the page with the ports and the ids of this run. */
    private String here(String text) {
        String here = text.replace("127.0.0.1:54321", "127.0.0.1:" + postgresPort)
                .replace("127.0.0.1:19092", "127.0.0.1:" + kafkaPort)
                .replace("localhost:8080", "127.0.0.1:" + httpPort);
        for (Map.Entry<String, String> known : real.entrySet()) {
            here = here.replace(known.getKey(), known.getValue());
        }
        return here;
    }

    /** Ctrl-C everywhere, the relay before its servers. */
    @Override
    public void close() throws InterruptedException {
        for (Run run : servers) {
            run.process().destroy();
            if (!run.process().waitFor(60, TimeUnit.SECONDS)) {
                run.process().destroyForcibly().waitFor();
            }
        }
    }
}
