// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.consumers.Event;
import io.tidemark.consumers.FailurePolicy;
import io.tidemark.consumers.RunnerSnapshot;
import io.tidemark.consumers.internal.apply.Job;
import io.tidemark.consumers.internal.progress.ClaimResult.Claimed;
import io.tidemark.consumers.internal.progress.ProgressTable.Partition;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

class PartitionWorkTest {

    private static final long LATER = Duration.ofHours(1).toNanos();
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final FailurePolicy STOP = FailurePolicy.stopAfter(3);

    /** A partition whose handler refuses some offsets. The clock advances by an hour with every job. */
    private static final class Driver {
        final PartitionWork work;
        final Set<Long> bad;
        final List<Long> applied = new ArrayList<>();
        final List<Long> deadLettered = new ArrayList<>();
        int transactions;
        long now;

        Driver(FailurePolicy policy, int maxBatch, Set<Long> bad) {
            this.work = new PartitionWork(new Partition("t", 0), policy, maxBatch, PATIENCE, new SplittableRandom(1));
            this.bad = bad;
        }

        Driver claimed() {
            assertThat(work.begin(now))
                    .hasValueSatisfying(job -> assertThat(job).isInstanceOf(Job.Claim.class));
            work.ended();
            work.claimed(new Claimed(0, 1));
            return this;
        }

        Driver arrived(int events) {
            for (int offset = 0; offset < events; offset++) {
                work.backlog().add(event(offset));
            }
            return this;
        }

        void runDry() {
            for (var job = work.begin(now); job.isPresent(); job = work.begin(now)) {
                transactions++;
                assertThat(work.begin(now)).as("a second job at the same time").isEmpty();
                work.ended();
                now += LATER;
                if (job.get() instanceof Job.SendDeadLetter letter) {
                    deadLettered.add(letter.event().offset());
                    work.advanced(new Claimed(letter.event().offset() + 1, 1));
                } else if (job.get() instanceof Job.Apply apply) {
                    List<Long> offsets =
                            apply.events().stream().map(Event::offset).toList();
                    if (offsets.stream().anyMatch(bad::contains)) {
                        work.refused(apply, new IllegalStateException("bad"), now);
                        now += LATER;
                    } else {
                        applied.addAll(offsets);
                        work.advanced(new Claimed(offsets.get(offsets.size() - 1) + 1, 1));
                    }
                }
            }
        }
    }

    private static Event event(long offset) {
        return Event.of(new ConsumerRecord<>("t", 0, offset, new byte[] {1}, new byte[] {2}));
    }

    @Test
    void appliesInBatchesInOrder() {
        Driver driver = new Driver(STOP, 10, Set.of()).claimed().arrived(35);

        driver.runDry();

        assertThat(driver.applied).hasSize(35).isSorted();
        assertThat(driver.transactions).isEqualTo(4);
    }

    @Test
    void stopsOnlyAtTheBadEventOfABatch() {
        FailurePolicy policy = FailurePolicy.deadLetterAfter(2, "dead");
        for (long bad = 0; bad < 64; bad++) {
            Driver driver = new Driver(policy, 64, Set.of(bad)).claimed().arrived(64);

            driver.runDry();

            assertThat(driver.deadLettered).containsExactly(bad);
            assertThat(driver.applied).hasSize(63).isSorted().doesNotContain(bad);
            assertThat(driver.transactions).as("halves, not one by one").isLessThan(24);
        }
    }

    @Test
    void deadLettersOnlyBadEvents() {
        FailurePolicy policy = FailurePolicy.deadLetterAfter(1, "dead");
        for (int bits = 0; bits < 256; bits++) {
            Set<Long> bad = new TreeSet<>();
            for (long offset = 0; offset < 8; offset++) {
                if ((bits >> offset & 1) == 1) {
                    bad.add(offset);
                }
            }
            Driver driver = new Driver(policy, 8, bad).claimed().arrived(8);

            driver.runDry();

            assertThat(driver.deadLettered).containsExactlyElementsOf(bad);
            assertThat(driver.applied).hasSize(8 - bad.size()).isSorted();
        }
    }

    @Test
    void stopsAtTheEventThatFailsAndNamesIt() {
        Driver driver = new Driver(STOP, 8, Set.of(5L)).claimed().arrived(8);

        driver.runDry();

        assertThat(driver.applied).containsExactly(0L, 1L, 2L, 3L, 4L);
        assertThat(driver.work.state()).isEqualTo(RunnerSnapshot.State.STOPPED);
        assertThat(driver.work.reason()).contains("t-0@5", "3 attempts");
        assertThat(driver.work.wantsEvents()).isFalse();
    }

    @Test
    void claimsAgainAfterARestartWithAllAttempts() {
        Driver driver = new Driver(STOP, 8, Set.of(0L)).claimed().arrived(1);
        driver.runDry();

        driver.work.restart();
        driver.claimed().arrived(1).runDry();

        assertThat(driver.work.reason()).contains("3 attempts");
    }

    @Test
    void waitsForTheDelayAfterAFailure() {
        Driver driver = new Driver(STOP, 1, Set.of()).claimed().arrived(1);
        Job.Apply job = (Job.Apply) driver.work.begin(0).orElseThrow();
        driver.work.ended();
        driver.work.refused(job, new IllegalStateException("bad"), 0);

        assertThat(driver.work.begin(0)).isEmpty();
        assertThat(driver.work.dueNanos().orElseThrow()).isBetween(100_000_000L, 200_000_000L);
        assertThat(driver.work.begin(200_000_000L)).isPresent();
    }

    @Test
    void dropsFetchedEventsWhenTheProgressMustBeReadAgain() {
        Driver driver = new Driver(STOP, 8, Set.of()).claimed().arrived(8);

        driver.work.claimAgain("the database is away", 0);

        assertThat(driver.work.wantsEvents()).isFalse();
        assertThat(driver.work.isClaimed()).isFalse();
        assertThat(driver.work.begin(LATER))
                .hasValueSatisfying(job -> assertThat(job).isInstanceOf(Job.Claim.class));
    }

    /** Drives a partition in which applying any batch with this offset ends the session. */
    private static int sessionsUntilStopped(PartitionWork work, long killer) {
        int sessions = 0;
        for (long now = LATER; !work.isStopped(); now += LATER) {
            Job job = work.begin(now).orElseThrow();
            work.ended();
            if (job instanceof Job.Claim) {
                work.claimed(new Claimed(0, 1));
                work.backlog().add(event(0));
                work.backlog().add(event(1));
            } else if (job instanceof Job.Apply apply
                    && apply.events().stream().anyMatch(event -> event.offset() == killer)) {
                work.claimAgain("the session is gone", now);
                work.sessionLost(apply, new SQLException("terminating connection"), now);
                sessions++;
            }
            assertThat(sessions).as("sessions lost at one offset").isLessThan(100);
        }
        return sessions;
    }

    @Test
    void blamesAnEventThatEndsItsSessionRepeatedly() {
        Driver driver = new Driver(STOP, 8, Set.of());

        int sessions = sessionsUntilStopped(driver.work, 0);

        assertThat(sessions)
                .as("five sessions before the batch is blamed, the last one halves it; three attempts")
                .isEqualTo(8);
        assertThat(driver.work.reason()).contains("t-0@0", "terminating connection", "3 attempts");
    }

    @Test
    void doesNotBlameEventsForSessionsLostAtDifferentOffsets() {
        Driver driver = new Driver(STOP, 1, Set.of());
        for (int place = 0; place < 50; place++) {
            for (int lost = 0; lost < 4; lost++) {
                driver.now += LATER;
                assertThat(driver.work.begin(driver.now)).contains(new Job.Claim());
                driver.work.ended();
                driver.work.claimed(new Claimed(place, 1));
                driver.work.backlog().add(event(place));
                Job.Apply apply = (Job.Apply) driver.work.begin(driver.now).orElseThrow();
                driver.work.ended();
                driver.work.claimAgain("the session is gone", driver.now);

                assertThat(driver.work.sessionLost(apply, new SQLException("gone"), driver.now))
                        .isFalse();
            }
        }
        assertThat(driver.work.failures()).isZero();
    }

    @Test
    void beginsNoJobWhileItIsRevoked() {
        Driver driver = new Driver(STOP, 8, Set.of()).claimed().arrived(8);

        driver.work.tenure().leave();

        assertThat(driver.work.begin(LATER)).isEmpty();
    }

    @Test
    void keepsAtMostTwoBatchesPending() {
        Driver driver = new Driver(STOP, 4, Set.of()).claimed();

        driver.arrived(7);
        assertThat(driver.work.wantsEvents()).isTrue();
        driver.arrived(1);
        assertThat(driver.work.wantsEvents()).isFalse();
    }

    @Test
    void passesMarkersWhenNothingHasArrivedForAWhile() {
        Driver driver = new Driver(STOP, 8, Set.of()).claimed().arrived(1);
        driver.runDry();
        long quietSince = driver.now;
        driver.work.backlog().fetchedUpTo(2); // past the marker

        assertThat(driver.work.begin(quietSince)).isEmpty();
        assertThat(driver.work.begin(quietSince + PATIENCE.toNanos() - 1)).isEmpty();
        assertThat(driver.work.begin(quietSince + PATIENCE.toNanos())).contains(new Job.Pass(new Claimed(1, 1), 2));
    }

    @Test
    void passesMarkersButNoEventsWhenItIsRevoked() {
        Driver driver = new Driver(STOP, 8, Set.of()).claimed().arrived(1);
        assertThat(driver.work.beginLast()).as("an event is waiting").isEmpty();
        driver.runDry();
        assertThat(driver.work.beginLast()).as("nothing is behind the event").isEmpty();
        driver.work.backlog().fetchedUpTo(2);
        driver.work.tenure().leave();

        assertThat(driver.work.beginLast()).contains(new Job.Pass(new Claimed(1, 1), 2));
        assertThat(driver.work.beginLast()).as("a second job at the same time").isEmpty();
    }

    @Test
    void passesNothingAfterAStop() {
        Driver driver = new Driver(STOP, 8, Set.of(0L)).claimed().arrived(1);
        driver.work.backlog().fetchedUpTo(2);

        driver.runDry();

        assertThat(driver.work.isStopped()).isTrue();
        assertThat(driver.work.beginLast()).isEmpty();
    }

    @Test
    void retriesWithoutLimitIfOtherTransactionsAreTheCause() {
        Driver driver = new Driver(FailurePolicy.deadLetterAfter(1, "dead"), 8, Set.of())
                .claimed()
                .arrived(8);
        for (int times = 1; times <= 50; times++) {
            Job.Apply apply = (Job.Apply) driver.work.begin(driver.now).orElseThrow();
            driver.work.ended();
            driver.work.contended(apply, new SQLException("deadlock detected", "40P01"), driver.now);

            assertThat(driver.work.begin(driver.now)).as("a pause").isEmpty();
            assertThat(driver.work.failures()).isZero();
            assertThat(driver.work.state()).isEqualTo(RunnerSnapshot.State.RETRYING);
            assertThat(driver.work.reason()).contains("t-0@0", "deadlock detected");
            driver.now += LATER;
        }
        driver.runDry();

        assertThat(driver.applied).hasSize(8).isSorted();
        assertThat(driver.deadLettered).isEmpty();
        assertThat(driver.work.contentions()).isZero();
    }
}
