// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.tidemark.outbox.OutboxEvent;
import io.tidemark.outbox.OutboxWriter;
import io.tidemark.outbox.Tokens;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * An application behind a proxy that knows nothing of waiting. {@code POST} to any path writes the body and returns the
 * token in a header. {@code GET} of the same path returns what the read model has, and in {@code Seen-Status} the
 * {@code Tidemark-Status} that the request had.
 */
public final class ShopServer implements AutoCloseable {

    private static final int THREADS = 32;

    private final TestSource source;
    private final LaggingView view;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newFixedThreadPool(THREADS);

    private ShopServer(TestSource source, LaggingView view) throws IOException {
        this.source = source;
        this.view = view;
        this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::answer);
    }

    public static ShopServer start(TestSource source, LaggingView view) throws IOException {
        ShopServer shop = new ShopServer(source, view);
        shop.server.start();
        return shop;
    }

    private void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        String status = exchange.getRequestHeaders().getFirst("Tidemark-Status");
        exchange.getResponseHeaders().set("Seen-Status", status == null ? "" : status);
        exchange.getResponseHeaders().set("Set-Cookie", "session=1; Path=/");
        if (exchange.getRequestMethod().equals("POST")) {
            exchange.getResponseHeaders().set("Tidemark-Token", write(path, body));
        }
        byte[] answer = view.value(path).orElse("").getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(path.endsWith("/broken") ? 500 : 200, answer.length == 0 ? -1 : answer.length);
        exchange.getResponseBody().write(answer);
        exchange.close();
    }

    private String write(String id, String value) {
        try (Connection connection = source.connect()) {
            new OutboxWriter().publish(connection, OutboxEvent.of("order", id, "t", value));
            return Tokens.current(connection).toString();
        } catch (SQLException e) {
            throw new UncheckedIOException(new IOException(e));
        }
    }

    /** Host and port. */
    public String address() {
        return "127.0.0.1:" + server.getAddress().getPort();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
