// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.quickstart.stack.Directories;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One page in a headless Chromium, over the DevTools protocol. Records every request, every violation of the page's
 * policy, and every error.
 */
public final class Chromium implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> NAMES = List.of("chromium", "chromium-browser", "google-chrome", "chrome");

    private final Path profile;
    private final Process process;
    private final WebSocket socket;
    private final AtomicInteger lastId = new AtomicInteger();
    private final Map<Integer, CompletableFuture<JsonNode>> asked = new ConcurrentHashMap<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final List<String> complaints = new CopyOnWriteArrayList<>();

    private Chromium(Path profile, Process process, String page) {
        this.profile = profile;
        this.process = process;
        this.socket = HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .buildAsync(URI.create(page), new Events())
                .join();
        for (String domain : List.of("Page", "Runtime", "Network", "Log")) {
            call(domain + ".enable", Map.of());
        }
    }

    /** Where it is installed; empty if it is not on the PATH. */
    public static Optional<Path> installed() {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .flatMap(dir -> NAMES.stream().map(name -> Path.of(dir, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** Starts it with an empty page and an empty profile. */
    public static Chromium start(Path binary, Path dir) throws IOException, InterruptedException {
        Files.createDirectories(dir);
        Path profile = Files.createTempDirectory(dir, "chromium-");
        List<String> command = new ArrayList<>(List.of(
                binary.toString(),
                "--headless=new",
                "--remote-debugging-port=0",
                "--user-data-dir=" + profile,
                "--no-first-run",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-extensions",
                "--disable-component-update",
                "--disable-background-networking",
                "--hide-scrollbars",
                "--window-size=1280,900",
                "about:blank"));
        if ("root".equals(System.getProperty("user.name"))) { // its sandbox refuses root
            command.add(1, "--no-sandbox");
        }
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(profile.resolve("log").toFile())
                .start();
        Path port = profile.resolve("DevToolsActivePort");
        await("Chromium, log " + profile.resolve("log"))
                .until(() -> Files.exists(port) && Files.readAllLines(port).size() >= 2);
        String address = "127.0.0.1:" + Files.readAllLines(port).get(0);
        JsonNode pages;
        try (InputStream list =
                URI.create("http://" + address + "/json/list").toURL().openStream()) {
            pages = JSON.readTree(list);
        }
        for (JsonNode page : pages) {
            if (page.path("type").asText().equals("page")) {
                return new Chromium(
                        profile, process, page.path("webSocketDebuggerUrl").asText());
            }
        }
        throw new IllegalStateException("Chromium has no page: " + pages);
    }

    private final class Events implements WebSocket.Listener {

        private final StringBuilder text = new StringBuilder();

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
            text.append(data);
            if (last) {
                try {
                    receive(JSON.readTree(text.toString()));
                } catch (IOException e) {
                    complaints.add("unreadable message of Chromium: " + e);
                }
                text.setLength(0);
            }
            from.request(1);
            return null;
        }
    }

    private void receive(JsonNode message) {
        JsonNode params = message.path("params");
        switch (message.path("method").asText()) {
            case "Network.requestWillBeSent" ->
                requests.add(params.at("/request/url").asText());
            case "Runtime.exceptionThrown" ->
                complaints.add("exception: "
                        + params.at("/exceptionDetails/exception/description").asText());
            case "Runtime.consoleAPICalled" -> {
                if (List.of("error", "warning", "assert")
                        .contains(params.path("type").asText())) {
                    complaints.add("console: " + params.path("args"));
                }
            }
            case "Log.entryAdded" -> {
                String level = params.at("/entry/level").asText();
                if (level.equals("error") || level.equals("warning")) {
                    complaints.add(params.at("/entry/source").asText() + ": "
                            + params.at("/entry/text").asText() + " "
                            + params.at("/entry/url").asText());
                }
            }
            default -> {
                CompletableFuture<JsonNode> answer =
                        asked.remove(message.path("id").asInt(-1));
                if (answer != null) {
                    answer.complete(message);
                }
            }
        }
    }

    private JsonNode call(String method, Map<String, ?> params) {
        int id = lastId.incrementAndGet();
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        asked.put(id, answer);
        ObjectNode message = JSON.createObjectNode().put("id", id).put("method", method);
        message.set("params", JSON.valueToTree(params));
        socket.sendText(message.toString(), true).join();
        JsonNode reply = answer.orTimeout(60, TimeUnit.SECONDS).join();
        if (reply.has("error")) {
            throw new IllegalStateException(method + ": " + reply.path("error"));
        }
        return reply.path("result");
    }

    /** Opens the address, and returns when the browser has begun to. */
    public void open(String url) {
        call("Page.navigate", Map.of("url", url));
    }

    /** The value of the expression as text; a promise is awaited. */
    public String evaluate(String expression) {
        JsonNode result =
                call("Runtime.evaluate", Map.of("expression", expression, "awaitPromise", true, "returnByValue", true));
        if (result.has("exceptionDetails")) {
            throw new IllegalStateException(expression + ": "
                    + result.path("exceptionDetails")
                            .path("exception")
                            .path("description")
                            .asText());
        }
        return result.at("/result/value").asText();
    }

    /** The visible text of the page. */
    public String text() {
        return evaluate("document.body ? document.body.innerText : ''");
    }

    /** Waits until the page shows all of these, and returns its text. */
    public String awaitText(String... parts) {
        return await("text " + List.of(parts) + " on the page")
                .ignoreExceptions() // while a page is being replaced
                .until(this::text, text -> Stream.of(parts).allMatch(text::contains));
    }

    /** The appearance that the page is asked for. */
    public enum Appearance {
        LIGHT,
        DARK,
        /** As on paper, for a user whose screen is dark. */
        PRINTED_FROM_DARK
    }

    public void prefer(Appearance appearance) {
        call(
                "Emulation.setEmulatedMedia",
                Map.of(
                        "media",
                        appearance == Appearance.PRINTED_FROM_DARK ? "print" : "screen",
                        "features",
                        List.of(Map.of(
                                "name",
                                "prefers-color-scheme",
                                "value",
                                appearance == Appearance.LIGHT ? "light" : "dark"))));
    }

    public void resize(int width, int height) {
        call(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 600));
    }

    /** A picture of the whole page as PNG. */
    public byte[] picture() {
        JsonNode picture = call("Page.captureScreenshot", Map.of("format", "png", "captureBeyondViewport", true));
        return Base64.getDecoder().decode(picture.path("data").asText());
    }

    /** Types the key, for example {@code Tab}. */
    public void press(String key) {
        call("Input.dispatchKeyEvent", Map.of("type", "keyDown", "key", key, "code", key, "windowsVirtualKeyCode", 9));
        call("Input.dispatchKeyEvent", Map.of("type", "keyUp", "key", key, "code", key, "windowsVirtualKeyCode", 9));
    }

    /** Clicks what the expression finds, once it is there. */
    public void click(String element) {
        await(element).ignoreExceptions().until(() -> {
            evaluate(element + ".click()");
            return true;
        });
    }

    /** Forgets requests and complaints. */
    public void forget() {
        requests.clear();
        complaints.clear();
    }

    /** The addresses of all requests so far. */
    public List<String> requests() {
        return List.copyOf(requests);
    }

    /** Errors, warnings and violations of the policy so far. */
    public List<String> complaints() {
        return List.copyOf(complaints);
    }

    @Override
    public void close() throws Exception {
        socket.abort();
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().waitFor();
        Directories.delete(profile);
    }
}
