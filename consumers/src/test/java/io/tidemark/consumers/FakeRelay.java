// SPDX-License-Identifier: Apache-2.0
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
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Returns scripted responses in turn and repeats the last one; records the requests. */
public final class FakeRelay implements AutoCloseable {

    private final HttpServer server;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Deque<Scripted> script = new ArrayDeque<>();
    public final List<String> requests = new CopyOnWriteArrayList<>();
    /** The authorization headers of the requests, in the same order; empty if a request had none. */
    public final List<String> authorizations = new CopyOnWriteArrayList<>();

    /** Answers a request in its own way. */
    @FunctionalInterface
    private interface Scripted {
        void answer(HttpExchange exchange) throws IOException, InterruptedException;
    }

    public FakeRelay() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    public FakeRelay then(int status, String body) {
        return then(status, body, "");
    }

    public FakeRelay then(int status, String body, String retryAfter) {
        return then(status, body, Map.of("Retry-After", retryAfter));
    }

    public FakeRelay then(int status, String body, Map<String, String> headers) {
        return then(exchange -> answer(exchange, status, body, headers));
    }

    /** Accepts the request, and answers only when the fake is closed. */
    public FakeRelay thenNothing() {
        return then(exchange -> {
            closing.await();
            answer(exchange, 200, "{}", Map.of());
        });
    }

    /** Sends its answer byte by byte, and never ends it. */
    public FakeRelay thenDribble() {
        return then(exchange -> {
            exchange.sendResponseHeaders(200, Integer.MAX_VALUE);
            while (!closing.await(50, TimeUnit.MILLISECONDS)) {
                exchange.getResponseBody().write(' ');
                exchange.getResponseBody().flush();
            }
        });
    }

    /** Closes the connection in the middle of its answer. */
    public FakeRelay thenCut() {
        return then(exchange -> {
            exchange.sendResponseHeaders(200, 1000);
            exchange.getResponseBody().write("{\"status\":\"success\"}".getBytes(StandardCharsets.UTF_8));
            exchange.getResponseBody().flush();
        });
    }

    /** Closes the connection without an answer. */
    public FakeRelay thenClose() {
        return then(HttpExchange::close);
    }

    private synchronized FakeRelay then(Scripted response) {
        script.add(response);
        return this;
    }

    private void answer(HttpExchange exchange) {
        try (exchange) {
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            requests.add(
                    exchange.getRequestMethod() + " " + exchange.getRequestURI() + (body.isEmpty() ? "" : " " + body));
            String authorization = exchange.getRequestHeaders().getFirst("Authorization");
            authorizations.add(authorization == null ? "" : authorization);
            next().answer(exchange);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void answer(HttpExchange exchange, int status, String body, Map<String, String> headers)
            throws IOException {
        headers.forEach(exchange.getResponseHeaders()::add);
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        if (bytes.length > 0) {
            exchange.getResponseBody().write(bytes);
        }
    }

    private synchronized Scripted next() {
        return script.size() > 1 ? script.remove() : script.element();
    }

    public URI url() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    @Override
    public void close() {
        closing.countDown();
        server.stop(0);
    }
}
