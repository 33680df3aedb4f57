package io.tidemark.relay.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WaitingSocketFactoryTest {

    private final WaitingSocketFactory factory = new WaitingSocketFactory("50");

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
}
