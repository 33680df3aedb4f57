package io.tidemark.consumers;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Returns scripted responses in turn, the last one for ever; remembers the requests. */
public final class FakeRelay implements AutoCloseable {

    private final HttpServer server;
    private final Deque<Scripted> script = new ArrayDeque<>();
    public final List<String> requests = new CopyOnWriteArrayList<>();
    /** Of the requests, in the same order; empty where there was none. */
    public final List<String> authorizations = new CopyOnWriteArrayList<>();

    private record Scripted(int status, String body, String retryAfter) {}

    public FakeRelay() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    public FakeRelay then(int status, String body) {
        return then(status, body, "");
    }

    public synchronized FakeRelay then(int status, String body, String retryAfter) {
        script.add(new Scripted(status, body, retryAfter));
        return this;
    }

    private synchronized void answer(HttpExchange exchange) {
        try (exchange) {
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            requests.add(
                    exchange.getRequestMethod() + " " + exchange.getRequestURI() + (body.isEmpty() ? "" : " " + body));
            String authorization = exchange.getRequestHeaders().getFirst("Authorization");
            authorizations.add(authorization == null ? "" : authorization);
            Scripted next = script.size() > 1 ? script.remove() : script.element();
            if (!next.retryAfter().isEmpty()) {
                exchange.getResponseHeaders().add("Retry-After", next.retryAfter());
            }
            byte[] bytes = next.body().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(next.status(), bytes.length);
            exchange.getResponseBody().write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public URI url() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
