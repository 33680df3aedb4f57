// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.harness.GroupConsumer;
import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.TestSource;
import io.tidemark.quickstart.measure.Latencies;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * What the read gate costs a request: without a token, with one that is visible long since, and with a fresh one. One
 * after another on one connection, over a plain socket, as a proxy in C would ask.
 */
class GateBenchmark {

    private static final int REQUESTS = Integer.getInteger("gate.requests", 20_000);
    private static final int WARM_UP = 10_000;
    private static final int FRESH = 1_000;

    /** As in production; the tests' own JVMs compile less. */
    private static final RelayProcess.Launch OPTIMISED =
            new RelayProcess.Launch(List.of("-XX:TieredStopAtLevel=4"), Map.of());

    @Test
    void holdsUpNoRequestThatNeedsNothing() throws Exception {
        try (TestSource source = TestSource.create("gatebench");
                RelayProcess relay =
                        RelayProcess.start(source, source.servers(), OPTIMISED).awaitRunning();
                GroupConsumer group = GroupConsumer.start(source, 0);
                Socket proxy = new Socket(
                        InetAddress.getLoopbackAddress(),
                        URI.create(relay.url()).getPort())) {
            proxy.setTcpNoDelay(true);
            source.execute("select outbox.publish('order', '1', 't', 'x')");
            String token = source.token().toString();
            await().atMost(Duration.ofSeconds(60))
                    .ignoreExceptionsInstanceOf(IOException.class)
                    .until(() -> ask(proxy, "Tidemark-Token: " + token).contains("success"));
            assertThat(group.processed()).isEqualTo(1);

            System.out.println("GateBenchmark: no token: " + measure(proxy, "X-Token: none", "none"));
            System.out.println(
                    "GateBenchmark: a visible token: " + measure(proxy, "Cookie: Tidemark-Token=" + token, "success"));
            System.out.println("GateBenchmark: a fresh token: " + measureFresh(source, proxy));
        }
    }

    private static Latencies measure(Socket proxy, String header, String status) throws IOException {
        Latencies took = new Latencies();
        for (int i = -WARM_UP; i < REQUESTS; i++) {
            long askedNanos = System.nanoTime();
            String answer = ask(proxy, header);
            long answeredNanos = System.nanoTime();
            assertThat(answer).contains("Tidemark-Status: " + status);
            if (i >= 0) { // the others warm up
                took.add(answeredNanos - askedNanos);
            }
        }
        return took;
    }

    /** Each of a new event, which the group must consume first. */
    private static Latencies measureFresh(TestSource source, Socket proxy) throws Exception {
        Latencies took = new Latencies();
        for (int i = 0; i < FRESH; i++) {
            source.execute("select outbox.publish('order', '1', 't', 'x')");
            String header = "Cookie: Tidemark-Token=" + source.token();
            long askedNanos = System.nanoTime();
            String answer = ask(proxy, header);
            took.add(System.nanoTime() - askedNanos);
            assertThat(answer).contains("Tidemark-Status: success");
        }
        return took;
    }

    /** The head of the answer, which has no body. */
    private static String ask(Socket proxy, String header) throws IOException {
        proxy.getOutputStream()
                .write(("GET /v1/gate/view?wait=10s HTTP/1.1\r\nHost: relay\r\n" + header + "\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
        byte[] buffer = new byte[4096];
        int length = 0;
        String head = "";
        while (!head.endsWith("\r\n\r\n")) {
            int read = proxy.getInputStream().read(buffer, length, buffer.length - length);
            assertThat(read).isPositive();
            length += read;
            head = new String(buffer, 0, length, StandardCharsets.US_ASCII);
        }
        return head;
    }
}
