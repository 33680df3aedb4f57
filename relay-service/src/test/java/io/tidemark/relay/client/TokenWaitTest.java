// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.tidemark.relay.client.TokenWait.Outcome;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TokenWaitTest {

    private static final String SUCCESS = "{\"status\":\"success\",\"projection\":\"view\"}";

    private final List<HttpServer> servers = new ArrayList<>();

    @AfterEach
    void stop() {
        servers.forEach(server -> server.stop(0));
    }

    /** A server that always gives this answer. */
    private URI relay(int status, String body) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().add("Content-Type", "application/json");
            exchange.sendResponseHeaders(status, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
        server.start();
        servers.add(server);
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    private static Outcome await(Duration timeout, URI... relays) throws Exception {
        return new TokenWait(new RelayClient(), List.of(relays)).await("view", TokenWait.ofToken("now"), timeout);
    }

    /** During an upgrade one replica knows a projection that another does not know yet. */
    @Test
    void asksTheOthersAfterARejection() throws Exception {
        URI knows = relay(200, SUCCESS);
        for (URI first : List.of(
                relay(404, "{\"detail\":\"no projection 'view'\"}"),
                relay(401, "{\"detail\":\"no bearer token\"}"),
                relay(502, "{\"detail\":\"a gateway\"}"),
                relay(200, "{\"status\":\"splendid\"}"))) {
            for (Duration timeout : List.of(Duration.ZERO, Duration.ofSeconds(20))) {
                assertThat(await(timeout, first, knows))
                        .isInstanceOfSatisfying(
                                Outcome.Decided.class,
                                decided -> assertThat(decided.relay()).isEqualTo(knows));
            }
        }
    }

    @Test
    void returnsTheRejectionOfAllAtOnce() throws Exception {
        URI first = relay(404, "{\"detail\":\"no projection 'view'\"}");
        URI second = relay(401, "{\"detail\":\"no bearer token\"}");

        assertThat(await(Duration.ofMinutes(10), first, second))
                .isInstanceOfSatisfying(
                        Outcome.Impossible.class,
                        impossible -> assertThat(impossible.message())
                                .contains(first + ": HTTP 404: no projection 'view'; ", second + ": HTTP 401"));
    }
}
