// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.relay.config.PostgresConfig;
import io.tidemark.relay.config.ReplicaConfig;
import io.tidemark.relay.config.WatermarkConfig;
import io.tidemark.relay.source.Nudges;
import io.tidemark.relay.source.SourceDatabase;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A standby that accepts connections but does not answer. Pgjdbc would give up after ten seconds. */
class ReplicaWatermarksTest {

    private static final Token TOKEN = Token.of("7f3a9c21", 1, new Lsn(1));
    private static final long LONG_MILLIS = 30_000;

    private ServerSocket silent;
    private Nudges nudges;
    private ReplicaWatermarks replicas;

    @BeforeEach
    void create() throws IOException {
        silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        String url = "jdbc:postgresql://127.0.0.1:" + silent.getLocalPort() + "/shop";
        PostgresConfig postgres =
                new PostgresConfig(url, "u", "p", null, null, null, List.of(new ReplicaConfig("eu", url)));
        nudges = new Nudges(new SourceDatabase(postgres));
        replicas = new ReplicaWatermarks(postgres, Optional::empty, nudges, new WatermarkConfig(null, 2, null));
    }

    @AfterEach
    void close() throws IOException {
        replicas.close();
        nudges.close();
        silent.close();
    }

    @Test
    void answersAfterTheWaitIfTheStandbyDoesNotAnswer() throws Exception {
        ReplicaAnswer answer = replicas.ask("eu", TOKEN, 50).get(8, TimeUnit.SECONDS);

        assertThat(answer).isInstanceOf(ReplicaAnswer.Unavailable.class);
    }

    @Test
    void answersAllWaitersWhenTheRelayShutsDown() {
        CompletableFuture<ReplicaAnswer> asked = replicas.ask("eu", TOKEN, LONG_MILLIS);
        assertThat(asked).isNotDone();

        replicas.close();

        assertThat(asked).isCompletedWithValue(new ReplicaAnswer.Unavailable("this relay is shutting down"));
        assertThat(replicas.ask("eu", TOKEN, LONG_MILLIS))
                .isCompletedWithValue(new ReplicaAnswer.Unavailable("this relay is shutting down"));
    }

    @Test
    void countsOnlyOpenWaits() throws Exception {
        CompletableFuture<ReplicaAnswer> brief = replicas.ask("eu", TOKEN, 50);
        CompletableFuture<ReplicaAnswer> patient = replicas.ask("eu", TOKEN, LONG_MILLIS);

        assertThat(patient).isNotDone();
        assertThat(replicas.ask("eu", TOKEN, LONG_MILLIS)).isCompletedWithValue(new ReplicaAnswer.TooManyWaiters(2));
        assertThat(brief.get(8, TimeUnit.SECONDS)).isInstanceOf(ReplicaAnswer.Unavailable.class);
        assertThat(replicas.ask("eu", TOKEN, LONG_MILLIS)).isNotDone();
    }
}
