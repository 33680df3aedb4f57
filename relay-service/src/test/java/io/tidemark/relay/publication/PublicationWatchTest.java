// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.outbox.Lsn;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** A watch confirms only looks that started after the request. */
class PublicationWatchTest {

    private static final PublicationState RIGHT = state("a");
    private static final PublicationLook SEEN = new PublicationLook.Seen(RIGHT);

    private final Looks looks = new Looks();
    private final PublicationWatch watch = new PublicationWatch(looks, RIGHT);

    private static PublicationState state(String version) {
        return new PublicationState("tidemark", "outbox.event", "tidemark", version, "r", "", "t");
    }

    @Test
    void confirmsWhenThePublicationIsUnchanged() throws Exception {
        watch.beginLook();
        assertThat(watch.isConfirmedWithin(0)).isFalse();

        looks.next(() -> SEEN);
        watch.turn(0);

        assertThat(watch.isConfirmedWithin(0)).isTrue();
    }

    @Test
    void doesNotCountALookThatBeganBeforeItWasAskedFor() throws Exception {
        looks.next(() -> {
            watch.beginLook(); // during the look
            return SEEN;
        });
        watch.turn(0);
        assertThat(watch.isConfirmedWithin(0)).isFalse();

        looks.next(() -> SEEN);
        watch.turn(0);

        assertThat(watch.isConfirmedWithin(0)).isTrue();
    }

    @Test
    void looksAgainWhileItIsInDoubt() throws Exception {
        watch.beginLook();
        looks.next(() -> new PublicationLook.InDoubt("transaction 7"));
        watch.turn(0);
        assertThat(watch.isConfirmedWithin(0)).isFalse();

        looks.next(() -> SEEN);
        watch.turn(0);

        assertThat(watch.isConfirmedWithin(0)).isTrue();
    }

    @Test
    void throwsOnceAnythingHasChangedAndForEver() throws Exception {
        looks.next(() -> new PublicationLook.Seen(state("b")));

        assertThat(watch.turn(0)).isFalse();

        assertThatThrownBy(watch::check)
                .isInstanceOf(PublicationChanged.class)
                .hasMessageContaining("publication tidemark was altered, or dropped and made again")
                .hasMessageContaining("(0/100, 0/200]");
        watch.beginLook();
        assertThatThrownBy(() -> watch.isConfirmedWithin(0)).isInstanceOf(PublicationChanged.class);
    }

    @Test
    void throwsWhenThePublicationIsGone() throws Exception {
        looks.next(() -> new PublicationLook.Missing("publication tidemark does not exist"));

        watch.turn(0);

        assertThatThrownBy(watch::check).hasMessageContaining("publication tidemark does not exist any more");
    }

    /** Returns the looks that a test has prepared; the slot is confirmed up to 0/100, and the WAL ends at 0/200. */
    private static final class Looks implements PublicationEye {

        private final Queue<Supplier<PublicationLook>> answers = new ArrayDeque<>();

        void next(Supplier<PublicationLook> answer) {
            answers.add(answer);
        }

        @Override
        public PublicationLook look() {
            return answers.remove().get();
        }

        @Override
        public Optional<PublicationGap> hiddenChild() {
            return Optional.empty();
        }

        @Override
        public PublicationGap gap(PublicationState before, PublicationLook now) throws SQLException {
            Lsn after = Lsn.parse("0/100");
            Lsn upTo = Lsn.parse("0/200");
            return now instanceof PublicationLook.Seen seen
                    ? PublicationGap.between(before, seen.state(), after, upTo).orElseThrow()
                    : PublicationGap.missing(((PublicationLook.Missing) now).reason(), after, upTo);
        }

        @Override
        public void close() {}
    }
}
