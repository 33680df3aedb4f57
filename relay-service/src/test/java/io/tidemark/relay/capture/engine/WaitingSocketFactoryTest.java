// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.capture.ChangeRing;
import io.tidemark.relay.config.OutboxConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WaitingSocketFactoryTest {

    private final Tap tap = new Tap(new ChangeRing(1, 1), OutboxConfig.DEFAULT, Lsn.ZERO, Lsn.ZERO);
    private final String tapId = Taps.register(tap);
    private final WaitingSocketFactory factory = new WaitingSocketFactory("50 " + tapId);

    @AfterEach
    void unregister() {
        Taps.unregister(tapId);
    }

    @Test
    void waitsLongerWherePgjdbcPeeks() throws IOException {
        try (Socket socket = factory.createSocket()) {
            socket.setSoTimeout(1);

            assertThat(socket.getSoTimeout()).isEqualTo(50);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2, 50, 60_000})
    void leavesOtherTimeoutsAlone(int millis) throws IOException {
        try (Socket socket = factory.createSocket()) {
            socket.setSoTimeout(millis);

            assertThat(socket.getSoTimeout()).isEqualTo(millis);
        }
    }

    @Test
    void goesBackAndForthAsPgjdbcDoes() throws IOException {
        try (Socket socket = factory.createSocket()) {
            socket.setSoTimeout(1);
            socket.setSoTimeout(60_000);
            assertThat(socket.getSoTimeout()).isEqualTo(60_000);

            socket.setSoTimeout(1);
            assertThat(socket.getSoTimeout()).isEqualTo(50);
        }
    }

    @Test
    void notifiesTheTapOfEachChange() throws IOException {
        try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Socket socket = factory.createSocket(listener.getInetAddress(), listener.getLocalPort());
                Socket server = listener.accept()) {
            socket.setSoTimeout(1);
            socket.setSoTimeout(60_000);
            tap.turned();
            assertThat(tap.silentNanos()).isPositive();
            server.getOutputStream().write(1);

            assertThat(socket.getInputStream().readNBytes(1)).containsExactly(1);

            assertThat(tap.silentNanos()).isNegative(); // heard after the last turn
        }
    }

    @Test
    void aConnectionWithoutPeeksShowsNothingOfTheStream() throws IOException {
        try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Socket socket = factory.createSocket(listener.getInetAddress(), listener.getLocalPort());
                Socket server = listener.accept()) {
            server.getOutputStream().write(1);
            assertThat(socket.getInputStream().readNBytes(1)).containsExactly(1);
            tap.turned();

            assertThat(tap.silentNanos()).isPositive();
        }
    }

    @Test
    void silenceIsNotASignOfLife() throws IOException {
        try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Socket socket = factory.createSocket(listener.getInetAddress(), listener.getLocalPort());
                Socket server = listener.accept()) {
            socket.setSoTimeout(1);
            assertThatThrownBy(() -> socket.getInputStream().readNBytes(1)).isInstanceOf(SocketTimeoutException.class);
            tap.turned();

            assertThat(tap.silentNanos()).isPositive();
            server.shutdownOutput();
        }
    }
}
