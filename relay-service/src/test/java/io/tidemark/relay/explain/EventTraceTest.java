// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.explain;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.explain.EventTrace.Stage;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The conclusions that a trace may draw about a committed event that was not found. */
class EventTraceTest {

    private static final Search NOT_THERE = new Search.NotThere();

    private static EventTrace notFound(Search search, Optional<Lsn> published) {
        CommittedRow row = new CommittedRow("order", "1", "Placed", Instant.EPOCH, new Lsn(100), new Lsn(200));
        return EventTrace.notFound(new UUID(0, 1), row, search, published);
    }

    private static Stage stage(long published) {
        return notFound(NOT_THERE, Optional.of(new Lsn(published))).stage();
    }

    @Test
    void isExpiredWhereEverythingUpToItIsPublished() {
        assertThat(stage(200)).isEqualTo(Stage.EXPIRED);
        assertThat(notFound(NOT_THERE, Optional.of(new Lsn(200))).reason())
                .contains("retention", "route", "dead letter");
    }

    @Test
    void isStillToComeOnlyWhereItsCommitIsCertainlyAbove() {
        assertThat(stage(100)).isEqualTo(Stage.WRITTEN);
        assertThat(stage(101)).isEqualTo(Stage.UNKNOWN);
        assertThat(stage(199)).isEqualTo(Stage.UNKNOWN);
    }

    @Test
    void isUnknownWhereNotEverythingWasRead() {
        Search incomplete = new Search.Incomplete("may not read it");

        for (long published : new long[] {50, 150, 250}) {
            EventTrace trace = notFound(incomplete, Optional.of(new Lsn(published)));
            assertThat(trace.stage()).isEqualTo(Stage.UNKNOWN);
            assertThat(trace.reason()).isEqualTo("may not read it");
        }
    }

    @Test
    void returnsUnknownWhileAReplicaDoesNotKnowThePublishedLsn() {
        assertThat(notFound(NOT_THERE, Optional.empty()).stage()).isEqualTo(Stage.UNKNOWN);
    }
}
