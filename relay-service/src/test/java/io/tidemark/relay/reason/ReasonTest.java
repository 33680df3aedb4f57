// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.reason;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.ConnectException;
import java.net.UnknownHostException;
import java.nio.charset.MalformedInputException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.sql.SQLException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.junit.jupiter.api.Test;

class ReasonTest {

    @Test
    void namesTheFailedOperationAndTheFirstCause() {
        SQLException failure = new SQLException("The connection attempt failed.", new UnknownHostException("db.local"));

        assertThat(Reason.of(failure)).isEqualTo("The connection attempt failed: unknown host db.local");
    }

    @Test
    void distinguishesRefusedConnectionsFromUnknownHosts() {
        assertThat(Reason.of(new SQLException("failed", new ConnectException("Connection refused"))))
                .isEqualTo("failed: connection refused");
    }

    @Test
    void dropsTextThatCausesRepeat() {
        ExecutionException failure = new ExecutionException(new IllegalStateException("the broker is away"));

        assertThat(Reason.of(failure)).isEqualTo("the broker is away");
        assertThat(Reason.of(new SQLException("FATAL: no such database", new SQLException("no such database"))))
                .isEqualTo("no such database");
    }

    @Test
    void neverContainsNull() {
        assertThat(Reason.of(new TimeoutException())).isEqualTo("timeout");
        assertThat(Reason.of(new RuntimeException((String) null, new TimeoutException())))
                .isEqualTo("timeout");
    }

    /** Their messages are only a path, or a number of bytes. */
    @Test
    void saysWhatIsWrongWithAFile() {
        assertThat(Reason.of(new NoSuchFileException("/nowhere"))).isEqualTo("it does not exist");
        assertThat(Reason.of(new AccessDeniedException("/root"))).isEqualTo("access denied");
        assertThat(Reason.of(new MalformedInputException(1))).isEqualTo("it is not text in UTF-8");
    }

    @Test
    void keepsTheReasonWhyAClientCannotBeCreated() {
        KafkaException failure = new KafkaException(
                "Failed to construct kafka producer", new ConfigException("compression.type", "zst", "unknown"));

        assertThat(Reason.of(failure))
                .startsWith("Failed to construct kafka producer: ")
                .contains("zst", "compression.type");
    }
}
