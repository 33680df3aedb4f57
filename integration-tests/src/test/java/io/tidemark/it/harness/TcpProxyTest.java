// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import static io.tidemark.it.harness.TcpProxy.Direction.TO_CLIENT;
import static io.tidemark.it.harness.TcpProxy.Direction.TO_SERVER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The effects of each fault on client and server, with real sockets on loopback. */
@Timeout(60)
class TcpProxyTest {

    /** Duration of a check for silence. A shorter one makes the test weaker, but never fails it. */
    private static final int SILENCE_MILLIS = 150;

    private ServerSocket listener;
    private TcpProxy proxy;
    private Socket client;
    private Socket server;

    @BeforeEach
    void connectThroughTheProxy() throws IOException {
        listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        proxy = TcpProxy.to(listener.getLocalPort());
        client = newClient();
        server = listener.accept();
    }

    private Socket newClient() throws IOException {
        return new Socket(InetAddress.getLoopbackAddress(), proxy.port());
    }

    @AfterEach
    void closeEverything() throws IOException {
        client.close();
        server.close();
        proxy.close();
        listener.close();
        await("no connection and no thread left")
                .until(() -> proxy.connections() == 0
                        && Thread.getAllStackTraces().keySet().stream()
                                .noneMatch(thread -> thread.getName().startsWith("proxy-" + proxy.port())));
    }

    private static void send(Socket from, String text) throws IOException {
        from.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static String receive(Socket at, int bytes) throws IOException {
        return new String(at.getInputStream().readNBytes(bytes), StandardCharsets.US_ASCII);
    }

    private static void assertSilent(Socket at) throws IOException {
        at.setSoTimeout(SILENCE_MILLIS);
        assertThatThrownBy(() -> at.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
        at.setSoTimeout(0);
    }

    private static void assertReset(Socket at) {
        assertThatThrownBy(() -> at.getInputStream().read())
                .isInstanceOf(SocketException.class)
                .hasMessageContaining("reset");
    }

    @Test
    void passesBytesBothWaysAndCountsThem() throws IOException {
        send(client, "hello");
        assertThat(receive(server, 5)).isEqualTo("hello");
        send(server, "welcome");
        assertThat(receive(client, 7)).isEqualTo("welcome");

        assertThat(proxy.bytes(TO_SERVER)).isEqualTo(5);
        assertThat(proxy.bytes(TO_CLIENT)).isEqualTo(7);
    }

    @Test
    void passesTheEndOfOneSideAndTheLaterAnswer() throws IOException {
        client.shutdownOutput();
        assertThat(server.getInputStream().read()).isEqualTo(-1);

        send(server, "bye");
        server.close();

        assertThat(receive(client, 10)).isEqualTo("bye");
    }

    @Test
    void delaysOnlyOneDirection() throws IOException {
        proxy.delay(TO_SERVER, 300);
        long sentNanos = System.nanoTime();
        send(client, "late");
        send(server, "at once");

        assertThat(receive(client, 7)).isEqualTo("at once");
        assertThat(receive(server, 4)).isEqualTo("late");
        assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - sentNanos)).isGreaterThanOrEqualTo(299);
    }

    @Test
    void blackholeHoldsBytesOfOneDirectionUntilItIsHealed() throws IOException {
        proxy.blackhole(TO_CLIENT);
        send(client, "question");
        assertThat(receive(server, 8)).isEqualTo("question");
        send(server, "answer");

        assertSilent(client);
        proxy.heal();

        assertThat(receive(client, 6)).isEqualTo("answer");
    }

    @Test
    void blackholeHidesTheEndOfTheOtherSide() throws IOException {
        proxy.blackhole(TO_SERVER, TO_CLIENT);
        client.setSoLinger(true, 0);
        client.close();

        assertSilent(server);
        proxy.heal();

        assertReset(server);
    }

    @Test
    void blackholeAcceptsConnectionsThatTheServerDoesNotSee() throws IOException {
        proxy.blackhole(TO_SERVER);
        try (Socket second = newClient()) {
            send(second, "anybody?");
            listener.setSoTimeout(SILENCE_MILLIS);
            assertThatThrownBy(() -> listener.accept()).isInstanceOf(SocketTimeoutException.class);
            listener.setSoTimeout(0);

            proxy.heal();

            try (Socket seen = listener.accept()) {
                assertThat(receive(seen, 8)).isEqualTo("anybody?");
            }
        }
    }

    @Test
    void resetsBothSides() {
        proxy.reset();

        assertReset(client);
        assertReset(server);
    }

    @Test
    void resetsTheServerSideWithoutNotifyingTheClient() throws IOException {
        proxy.blackhole(TO_SERVER, TO_CLIENT);
        proxy.resetServerSide();

        assertReset(server);
        assertSilent(client);
        proxy.heal();

        assertReset(client);
    }

    @Test
    void refusesNewConnectionsAndKeepsOpenOnes() throws IOException {
        proxy.refuse();

        assertThatThrownBy(this::newClient).isInstanceOf(ConnectException.class);
        send(client, "still here");
        assertThat(receive(server, 10)).isEqualTo("still here");

        proxy.heal();
        try (Socket again = newClient();
                Socket seen = listener.accept()) {
            send(again, "back");
            assertThat(receive(seen, 4)).isEqualTo("back");
        }
    }

    @Test
    void cutsInTheMiddleOfAMessageAndOnlyOnce() throws IOException {
        proxy.cutAfter(TO_SERVER, 3);
        send(client, "abcdef");

        assertThatThrownBy(() -> receive(server, 6)).isInstanceOf(SocketException.class);
        assertThat(proxy.bytes(TO_SERVER)).isEqualTo(3);
        assertReset(client);

        try (Socket again = newClient();
                Socket seen = listener.accept()) {
            send(again, "abcdef");
            assertThat(receive(seen, 6)).isEqualTo("abcdef");
        }
    }

    @Test
    void resetsAClientWhoseServerIsDown() throws IOException {
        listener.close();
        try (Socket second = newClient()) {
            assertReset(second);
        }
    }

    @Test
    void closingEndsBothSides() {
        proxy.close();

        assertReset(client);
        assertReset(server);
    }
}
