package io.tidemark.it.consumers;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.tidemark.it.harness.ReadEvent;
import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Says what a token needs, from the records themselves: an answer to {@code GET /v1/tokens/{token}} that owes nothing to
 * the relay's index. Everything else it hands on to the relay.
 */
final class TokenOracle implements AutoCloseable {

    private final TestSource source;
    private final RelayProcess relay;
    private final HttpServer server;
    private final AtomicInteger asked = new AtomicInteger();

    TokenOracle(TestSource source, RelayProcess relay) throws IOException {
        this.source = source;
        this.relay = relay;
        this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/v1/tokens/", this::explain);
        server.createContext("/", this::handOn);
        server.start();
    }

    URI url() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    /** How often it was asked what a token needs. */
    int asked() {
        return asked.get();
    }

    private void explain(HttpExchange exchange) throws IOException {
        try {
            asked.incrementAndGet();
            String path = exchange.getRequestURI().getPath();
            Token token = Token.parse(path.substring(path.lastIndexOf('/') + 1));
            Lsn published = relay.published(); // first, so that nothing is missing below it
            Map<Integer, Long> needs = new TreeMap<>();
            for (ReadEvent event : TopicReader.readAll(source.servers(), source.topic("order"))) {
                if (token.parts().get(0).lsn().isAtLeast(event.position().commitLsn())) {
                    needs.merge(event.partition(), event.offset() + 1, Math::max);
                }
            }
            ObjectNode json = JsonNodeFactory.instance
                    .objectNode()
                    .put("token", token.toString())
                    .put("published", published.toString());
            ObjectNode projection = json.putArray("projections")
                    .addObject()
                    .put("projection", "view")
                    .put("status", "timeout");
            ArrayNode partitions = projection.putArray("partitions");
            needs.forEach((partition, need) -> partitions
                    .addObject()
                    .put("topic", source.topic("order"))
                    .put("partition", partition)
                    .put("need", need)
                    .put("have", 0));
            answer(exchange, 200, json.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            answer(exchange, 503, "{}");
        }
    }

    private void handOn(HttpExchange exchange) throws IOException {
        try {
            HttpResponse<String> response = relay.send(exchange.getRequestURI().toString());
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
