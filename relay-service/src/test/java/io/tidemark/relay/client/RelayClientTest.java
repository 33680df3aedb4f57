// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against a server that answers one request with bytes that a relay would not send. */
class RelayClientTest {

    private static final Duration SECONDS = Duration.ofSeconds(30);

    private final CountDownLatch over = new CountDownLatch(1);
    private ServerSocket server;

    private interface Answer {
        void write(OutputStream out) throws IOException;
    }

    @BeforeEach
    void listen() throws IOException {
        server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    }

    @AfterEach
    void close() throws IOException {
        over.countDown();
        server.close();
    }

    /** Writes the answer, and leaves the connection open. */
    private void serve(Answer answer) {
        Thread thread = new Thread(() -> {
            try (Socket client = server.accept()) {
                InputStream request = client.getInputStream();
                int read = request.read(new byte[8192]);
                assertThat(read).isPositive();
                answer.write(client.getOutputStream());
                over.await();
            } catch (IOException | InterruptedException e) {
                return; // the client has closed the connection
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private RelayReply get(Duration timeout) throws Exception {
        RelayClient client = new RelayClient(Optional.empty(), new ClientTls(null, null, null));
        URI url = URI.create("http://127.0.0.1:" + server.getLocalPort());
        return assertTimeoutPreemptively(SECONDS, () -> client.get(url, "/v1/source", timeout));
    }

    @Test
    void timeoutCoversTheBodyOfTheAnswer() throws Exception {
        serve(out -> out.write(ascii("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"status\":")));

        RelayReply reply = get(Duration.ofMillis(1_500));

        assertThat(reply).isEqualTo(new RelayReply.NoAnswer("no answer within 1 s"));
    }

    @Test
    void stopsReadingAnAnswerAboveTheMaximumSize() throws Exception {
        serve(out -> {
            out.write(ascii("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n"));
            byte[] part = new byte[64 * 1024];
            for (int sent = 0; sent < 17 * 1024 * 1024; sent += part.length) {
                out.write(part);
            }
        });

        RelayReply reply = get(SECONDS);

        assertThat(reply.reason()).contains("its answer has more than 16777216 bytes");
    }

    @Test
    void rejectsAnAnswerThatIsNotJson() throws Exception {
        serve(out -> out.write(ascii("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")));

        assertThat(get(SECONDS).reason()).contains("HTTP 200 without JSON");
    }

    /** Replicas ask each other by address. A proxy of the machine is for other traffic. */
    @Test
    void goesToReplicasThroughNoProxy() throws Exception {
        ProxySelector ofTheMachine = ProxySelector.getDefault();
        try {
            ProxySelector.setDefault(ProxySelector.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), 1)));
            serve(out -> out.write(ascii("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")));
            RelayClient client = new RelayClient();
            URI url = URI.create("http://127.0.0.1:" + server.getLocalPort());

            RelayReply reply = assertTimeoutPreemptively(
                    SECONDS, () -> client.get(url, "/v1/source", Optional.empty(), Duration.ofSeconds(10)));

            assertThat(reply).isInstanceOf(RelayReply.Answer.class);
        } finally {
            ProxySelector.setDefault(ofTheMachine);
        }
    }

    @ParameterizedTest
    @CsvSource({"'', 0", "'Retry-After: 7', 7000", "'Retry-After: 99999', 60000", "'Retry-After: tomorrow', 60000"})
    void followsRetryAfterUpToOneMinute(String header, long millis) throws Exception {
        String lines = header.isEmpty() ? "" : header + "\r\n";
        serve(out -> out.write(ascii("HTTP/1.1 503 X\r\n" + lines + "Content-Length: 2\r\n\r\n{}")));

        RelayReply reply = get(SECONDS);

        assertThat(reply).isInstanceOf(RelayReply.Answer.class);
        assertThat(((RelayReply.Answer) reply).retryAfterMillis()).isEqualTo(millis);
    }
}
