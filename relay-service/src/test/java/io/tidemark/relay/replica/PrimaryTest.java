// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.replica.StandbySession.State;
import io.tidemark.relay.timeline.TimelineHistory;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PrimaryTest {

    private static final TimelineHistory SECOND = new TimelineHistory(2, Map.of(1, new Lsn(500)));

    private static Optional<String> whyNot(Primary primary, int timeline, long replayed, TimelineHistory history) {
        return primary.whyNotOf("71", new State(true, new Lsn(replayed), timeline), history);
    }

    private static Primary on(TimelineHistory history) {
        return new Primary("71", Optional.of(history));
    }

    @Test
    void rejectsACopyOfAnotherServer() {
        assertThat(whyNot(new Primary("72", Optional.empty()), 1, 100, TimelineHistory.none(1)))
                .get()
                .asString()
                .contains("71", "72");
        assertThat(whyNot(new Primary("71", Optional.empty()), 1, 100, TimelineHistory.none(1)))
                .isEmpty();
    }

    @Test
    void rejectsAStandbyBeyondThePointWhereThePrimaryLeftTheTimeline() {
        assertThat(whyNot(on(SECOND), 1, 501, TimelineHistory.none(1)))
                .get()
                .asString()
                .contains("left that timeline at 0/1F4");
        assertThat(whyNot(on(SECOND), 1, 500, TimelineHistory.none(1))).isEmpty();
    }

    @Test
    void rejectsAStandbyThatLeftATimelineAtAnotherPoint() {
        assertThat(whyNot(on(SECOND), 2, 900, new TimelineHistory(2, Map.of(1, new Lsn(400)))))
                .get()
                .asString()
                .contains("it left timeline 1 at 0/190");
        assertThat(whyNot(on(SECOND), 2, 900, SECOND)).isEmpty();
    }

    @Test
    void rejectsAStandbyOnATimelineThatIsNotAnAncestor() {
        TimelineHistory third = new TimelineHistory(3, Map.of(1, new Lsn(500)));

        assertThat(whyNot(on(third), 2, 600, SECOND)).get().asString().contains("does not come");
    }

    @Test
    void acceptsAStandbyThatFollowedAFailoverFirst() {
        assertThat(whyNot(on(TimelineHistory.none(1)), 2, 900, SECOND)).isEmpty();
    }
}
