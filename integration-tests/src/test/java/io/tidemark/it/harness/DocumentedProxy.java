// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.quickstart.stack.FreePorts;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A reverse proxy with the configuration of {@code docs/read-gate.md}. Only addresses and the projection's name are
 * replaced, so that what is tested is what users copy.
 */
public final class DocumentedProxy implements AutoCloseable {

    private static final Path PAGE = Path.of("..").resolve("docs/read-gate.md");

    /** The proxies that can be run, if they are installed. */
    public enum Kind {
        NGINX("nginx", "nginx"),
        CADDY("caddy", "caddyfile");

        private final String command;
        private final String language;

        Kind(String command, String language) {
            this.command = command;
            this.language = language;
        }

        /** The program; empty if it is not installed. */
        public Optional<Path> program() {
            return Stream.concat(Stream.of(System.getenv("PATH").split(":", -1)), Stream.of("/usr/sbin"))
                    .map(directory -> Path.of(directory, command))
                    .filter(Files::isExecutable)
                    .findFirst();
        }

        /** The block of the page in this language. */
        private String documented() throws IOException {
            Matcher block = Pattern.compile("```" + language + "\n(.*?)\n```", Pattern.DOTALL)
                    .matcher(Files.readString(PAGE));
            assertThat(block.find()).as("a block of %s in %s", language, PAGE).isTrue();
            return block.group(1);
        }
    }

    private final int port = FreePorts.next();
    private final int http2Port = FreePorts.next();
    private final Path log;
    private final Process process;

    private DocumentedProxy(Kind kind, Path dir, Map<String, String> addresses) throws IOException {
        String text = kind.documented();
        for (Map.Entry<String, String> address : addresses.entrySet()) {
            assertThat(text).contains(address.getKey());
            text = text.replace(address.getKey(), address.getValue());
        }
        log = dir.resolve(kind.command + ".log");
        process = kind == Kind.NGINX ? startNginx(kind, dir, text) : startCaddy(kind, dir, text);
        await(kind.command + ", log " + log).until(() -> isListening(port));
    }

    /**
     * Starts it.
     *
     * @param addresses text of the page, and what stands there in this test; each must be in the page
     */
    public static DocumentedProxy start(Kind kind, Path dir, Map<String, String> addresses) throws IOException {
        return new DocumentedProxy(kind, dir, addresses);
    }

    private Process startNginx(Kind kind, Path dir, String text) throws IOException {
        assertThat(text).contains("listen 80;");
        String listen = "listen 127.0.0.1:" + port + "; listen 127.0.0.1:" + http2Port + " http2;";
        List<String> lines = new ArrayList<>(List.of(
                "daemon off;",
                "pid " + dir.resolve("nginx.pid") + ";",
                "error_log " + log + " warn;",
                "events {}",
                "http {",
                "access_log off;"));
        for (String kept : List.of("client_body", "proxy", "fastcgi", "uwsgi", "scgi")) {
            lines.add(kept + "_temp_path " + dir.resolve("nginx-" + kept) + ";");
        }
        lines.add(text.replace("listen 80;", listen));
        lines.add("}");
        Path file = Files.writeString(dir.resolve("nginx.conf"), String.join("\n", lines));
        return start(dir, kind.program().orElseThrow().toString(), "-c", file.toString());
    }

    private Process startCaddy(Kind kind, Path dir, String text) throws IOException {
        assertThat(text).contains("http://shop.example.com", ":9180");
        String options = "{\n\tadmin off\n\tservers {\n\t\tprotocols h1 h2c\n\t}\n}\n";
        Path file = Files.writeString(
                dir.resolve("Caddyfile"),
                options
                        + text.replace(
                                        "http://shop.example.com",
                                        "http://127.0.0.1:" + port + ", http://127.0.0.1:" + http2Port)
                                .replace(":9180", ":" + FreePorts.next()));
        return start(
                dir,
                kind.program().orElseThrow().toString(),
                "run",
                "--config",
                file.toString(),
                "--adapter",
                "caddyfile");
    }

    private Process start(Path dir, String... command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().put("HOME", dir.toString());
        return builder.start();
    }

    private static boolean isListening(int port) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    public String url() {
        return "http://127.0.0.1:" + port;
    }

    /** For clients that begin with HTTP/2. */
    public String http2Url() {
        return "http://127.0.0.1:" + http2Port;
    }

    public int port() {
        return port;
    }

    @Override
    public void close() throws Exception {
        process.destroy();
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    }
}
