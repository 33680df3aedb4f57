// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.simulation;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.loop.RunPublication;
import io.tidemark.relay.position.StartDecision;
import io.tidemark.relay.publication.PublicationGap;
import io.tidemark.relay.publication.PublicationLook;
import io.tidemark.relay.publication.PublicationRecord;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The publication as relays compare it, and the person who adopts after a relay has halted because of it. */
final class SimulatedPublication {

    private final World world;
    /** The ranges that, as reported to the person, may never have come through the stream. */
    private final List<PublicationGap> named = new ArrayList<>();

    private boolean isHalted;

    SimulatedPublication(World world) {
        this.world = world;
    }

    private Optional<PublicationRecord> recorded() {
        return world.broker
                .lastPublication()
                .map(json -> PublicationRecord.fromJson(json.getBytes(StandardCharsets.UTF_8)));
    }

    /** Whether a relay has recorded it. This simulation does not change it earlier. */
    boolean isRecorded() {
        return world.broker.lastPublication().isPresent();
    }

    private Optional<PublicationGap> gap(Lsn published) {
        return PublicationGap.since(
                recorded(), world.wal.look(), Optional.of(world.wal.slot()), Optional.of(published), world.wal.end());
    }

    /** Whether a run may start. */
    boolean isSinceThen(StartDecision.Start start, Bug bug) {
        if (bug == Bug.PUBLICATION_NOT_COMPARED) {
            return true;
        }
        isHalted = gap(start.resumePoint().complete()).isPresent();
        return !isHalted && world.wal.look() instanceof PublicationLook.Seen;
    }

    /** Once no relay holds the lock, a person who has undone the change lets the halted source continue. */
    void adoptIfHalted(Lsn published) {
        if (!isHalted || world.lockHolder != null || !world.wal.isPublicationRight()) {
            return;
        }
        int epoch = world.broker.init("t");
        named.add(gap(published).orElseThrow());
        PublicationRecord now = new PublicationRecord(
                ((PublicationLook.Seen) world.wal.look()).state(),
                world.wal.slot().confirmed());
        String json = new String(now.toJson(), StandardCharsets.UTF_8);
        world.broker.append("t", epoch, Broker.POSITIONS, -1, 0, 0, null, json, null);
        world.broker.commit("t", epoch);
        isHalted = false;
    }

    /** Whether a report names the event committed here as possibly missing. */
    boolean isNamed(Lsn commitLsn) {
        return named.stream()
                .anyMatch(gap -> commitLsn.isAfter(gap.after()) && gap.upTo().isAtLeast(commitLsn));
    }

    /** Whether the person has ever adopted. */
    boolean isAdopted() {
        return !named.isEmpty();
    }

    /** The check of one run. */
    static final class Gate implements RunPublication {

        private static final int DOUBTS = 3;

        private final World world;
        private final Replica replica;
        private final int run;
        private final Bug bug;
        private final PublicationLook expected;
        private boolean isRecorded;
        private int doubts;

        @Nullable
        private PublicationLook seen;

        Gate(World world, Replica replica, int run, Bug bug) {
            this.world = world;
            this.replica = replica;
            this.run = run;
            this.bug = bug;
            this.expected = world.publication
                    .recorded()
                    .<PublicationLook>map(record -> new PublicationLook.Seen(record.state()))
                    .orElseGet(world.wal::look);
        }

        @Override
        public Optional<byte[]> toRecord(Lsn confirmed) {
            return isRecorded || !(expected instanceof PublicationLook.Seen now)
                    ? Optional.empty()
                    : Optional.of(new PublicationRecord(now.state(), confirmed).toJson());
        }

        @Override
        public void committed() {
            isRecorded = true;
        }

        @Override
        public void beginLook() {
            doubts = 0;
            seen = world.random.nextBoolean() ? world.wal.look() : null;
        }

        @Override
        public boolean isConfirmedWithin(long millis) {
            replica.letTheWorldGoOn(run);
            if (bug == Bug.PUBLICATION_NOT_COMPARED) {
                return true;
            }
            PublicationLook now = seen != null ? seen : world.wal.look();
            seen = null;
            if (now instanceof PublicationLook.InDoubt && ++doubts < DOUBTS) {
                return false;
            }
            if (!now.equals(expected)) {
                throw new Replica.Gone(); // halted, or still in doubt after several looks
            }
            return true;
        }
    }
}
