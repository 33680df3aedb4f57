// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.it.harness.CommandRun;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.relay.health.RelayState.Phase;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.TransactionListing;
import org.junit.jupiter.api.Test;

/** {@code tidemark check} asks Kafka about a transactional id, and must not fence the relay's producer. */
class CheckBesideRelayIT {

    @Test
    void doesNotDisturbARunningRelayAndLeavesNothingBehind() throws Exception {
        try (TestSource source = TestSource.create("checked");
                RunningRelay relay = RunningRelay.startAndAwait(source.configuration());
                Admin admin = Admin.create(Map.of(
                        AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG,
                        source.servers().bootstrapServers()))) {
            String id = "tidemark-" + source.sourceId();
            Instant since = relay.state().since();

            assertThat(CommandRun.of("check", source.configFile().toString()).exitCode())
                    .isZero();

            assertThat(admin.listTransactions().all().get(30, TimeUnit.SECONDS))
                    .extracting(TransactionListing::transactionalId)
                    .contains(id)
                    .doesNotContain(id + "-check");
            source.execute("select outbox.publish('order', '1', 't', 'x')");
            assertThat(TopicReader.readUntil(source.servers(), source.topic("order"), read -> !read.isEmpty()))
                    .hasSize(1);
            assertThat(relay.state().phase()).isEqualTo(Phase.RUNNING);
            assertThat(relay.state().since()).isEqualTo(since);
        }
    }
}
