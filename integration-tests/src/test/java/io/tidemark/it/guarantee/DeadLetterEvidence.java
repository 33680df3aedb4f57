// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.guarantee;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.harness.PoisonSource;
import io.tidemark.it.harness.ReadEvent;
import io.tidemark.it.harness.TestSource.CommittedEvent;
import io.tidemark.it.harness.TopicReader;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The committed events, and where they can be read: every event in its topic or in the dead letters, never in both.
 *
 * @param committed in commit order
 * @param published partition by partition, in offset order
 * @param deadLetters in offset order
 */
public record DeadLetterEvidence(
        List<CommittedEvent> committed, List<ReadEvent> published, List<ReadEvent> deadLetters) {

    /** Waits until all committed events are readable, for at most two minutes. */
    public static DeadLetterEvidence gather(PoisonSource poison) throws Exception {
        List<CommittedEvent> committed = poison.source().committedEvents();
        Set<String> expected = poison.poison();
        List<ReadEvent> published = TopicReader.readUntil(
                poison.source().servers(),
                poison.source().name() + ".",
                events -> events.size() >= committed.size() - expected.size());
        await().pollInterval(Duration.ofMillis(200))
                .until(() -> poison.deadLetters().size() >= expected.size());
        return new DeadLetterEvidence(committed, published, poison.deadLetters());
    }

    /**
     * Checks that exactly the poison is in the dead letters, and every guarantee for topics and dead letters together.
     */
    public void check(Set<String> poison, String context) {
        Set<String> dead = deadLetters.stream().map(ReadEvent::id).collect(Collectors.toSet());
        assertThat(dead).as("ids of the dead letters, " + context).isEqualTo(poison);
        Evidence together = new Evidence(
                committed,
                Stream.concat(published.stream(), deadLetters.stream()).toList());
        for (Guarantee guarantee :
                List.of(new G1NoLoss(), new G2NoPhantom(), new G3NoDuplicate(), new G5OrderOfPositions())) {
            together.check(guarantee, context);
        }
        List<CommittedEvent> good =
                committed.stream().filter(event -> !dead.contains(event.id())).toList();
        new Evidence(good, published).check(context);
    }
}
