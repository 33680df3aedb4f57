// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.deadletter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.it.guarantee.DeadLetterEvidence;
import io.tidemark.it.harness.PoisonSource;
import io.tidemark.it.harness.PoisonSource.Row;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.relay.config.RelayConfiguration;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Two people retry one dead letter. The second has read it before the first had finished. */
class DeadLetterDeskIT {

    @Test
    void readsTheDeadLetterAgainAfterFencingOthers() throws Exception {
        Row large = Row.tooLarge(new Random());
        try (PoisonSource source = PoisonSource.create("desk")) {
            RelayConfiguration config = source.configuration("dead-letter");
            source.commit(large);
            try (RunningRelay relay = RunningRelay.startAndAwait(config)) {
                DeadLetterEvidence.gather(source)
                        .check(source.poison(), relay.state().toString());
            }
            source.takes(source.topic(), 1024 * 1024);
            DeadLetterDesk slow = new DeadLetterDesk(config.kafka(), config.routes());
            DeadLetter seen = slow.find(large.id());

            new DeadLetterDesk(config.kafka(), config.routes()).retry(large.id(), Optional.empty());

            assertThatThrownBy(() -> slow.remove(seen, source.topic()))
                    .isInstanceOf(DeadLetterProblem.class)
                    .hasMessageContaining("has no dead letter");
            assertThat(TopicReader.readAll(source.source().servers(), source.topic()))
                    .singleElement()
                    .satisfies(event -> assertThat(event.id()).isEqualTo(large.id()));
        }
    }
}
