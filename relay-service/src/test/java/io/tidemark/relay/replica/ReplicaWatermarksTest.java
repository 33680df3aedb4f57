package io.tidemark.relay.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.relay.config.PostgresConfig;
import io.tidemark.relay.config.ReplicaConfig;
import io.tidemark.relay.config.WatermarkConfig;
import io.tidemark.relay.source.Nudges;
import io.tidemark.relay.source.SourceDatabase;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ReplicaWatermarksTest {

    @Test
    void aStandbyThatTakesConnectionsAndSaysNothingHoldsNobodyUp() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            String url = "jdbc:postgresql://127.0.0.1:" + silent.getLocalPort() + "/shop";
            PostgresConfig postgres =
                    new PostgresConfig(url, "u", "p", null, null, null, List.of(new ReplicaConfig("eu", url)));
            try (Nudges nudges = new Nudges(new SourceDatabase(postgres));
                    ReplicaWatermarks replicas =
                            new ReplicaWatermarks(postgres, nudges, new WatermarkConfig(null, null))) {
                ReplicaAnswer answer = replicas.ask("eu", Token.of("7f3a9c21", 1, new Lsn(1)), 50)
                        .get(8, TimeUnit.SECONDS); // pgjdbc would give up after ten

                assertThat(answer).isInstanceOf(ReplicaAnswer.Unavailable.class);
            }
        }
    }
}
