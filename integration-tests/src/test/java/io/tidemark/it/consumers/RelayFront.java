// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.consumers;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.tidemark.it.harness.RelayProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;

/** A proxy of a relay that counts the requests for the offsets of a token. */
final class RelayFront implements AutoCloseable {

    private final RelayProcess relay;
    private final HttpServer server;
    private final AtomicInteger explained = new AtomicInteger();

    RelayFront(RelayProcess relay) throws IOException {
        this.relay = relay;
        this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::handOn);
        server.start();
    }

    URI url() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    int explained() {
        return explained.get();
    }

    private void handOn(HttpExchange exchange) throws IOException {
        try {
            String path = exchange.getRequestURI().toString();
            if (path.startsWith("/v1/tokens/")) {
                explained.incrementAndGet();
            }
            HttpResponse<String> response = relay.send(path);
            answer(exchange, response.statusCode(), response.body());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            answer(exchange, 503, "{}");
        }
    }

    private static void answer(HttpExchange exchange, int status, String body) throws IOException {
        try (exchange) {
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
