// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.guarantee.Evidence;
import io.tidemark.it.harness.JumpingClock;
import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.Workload;
import io.tidemark.outbox.Lsn;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The relay's wall clock is set forwards and back. Nothing depends on it. */
class ClockIT {

    private static final Duration JUMP = Duration.ofHours(1);

    @Test
    void publishesWhileItsClockJumps(@TempDir Path dir) throws Exception {
        JumpingClock clock = JumpingClock.in(dir);
        RelayProcess.Launch launch = new RelayProcess.Launch(List.of(), clock.environment());
        try (TestSource source = TestSource.create("clock");
                RelayProcess relay = RelayProcess.start(source, source.servers(), launch)) {
            relay.awaitRunning();
            try (Workload load = Workload.start(source, 11, 2, 30)) {
                awaitPublishing(source, relay);
                for (Duration ahead : List.of(JUMP, Duration.ZERO, JUMP.negated(), Duration.ZERO)) {
                    clock.jumpTo(ahead);
                    awaitJump(relay, ahead);
                    long jumpedNanos = System.nanoTime();
                    awaitPublishing(source, relay);
                    relay.awaitState("running");
                    System.out.printf(
                            "ClockIT: publishing %d ms after the jump to %s%n",
                            Duration.ofNanos(System.nanoTime() - jumpedNanos).toMillis(), ahead);
                }
            }
            Evidence evidence = Evidence.gather(source);
            evidence.check("clock jumped");
            assertThat(evidence.committed()).isNotEmpty();
        }
    }

    private static void awaitPublishing(TestSource source, RelayProcess relay) throws Exception {
        Lsn head = Lsn.parse(source.query("select pg_current_wal_flush_lsn()::text"));
        await("the relay publishes")
                .pollInterval(Duration.ofMillis(50))
                .until(() -> relay.published().isAfter(head));
    }

    /** Checks the Date of its HTTP answers, because a library without effect would make the test meaningless. */
    private static void awaitJump(RelayProcess relay, Duration ahead) {
        await("the relay's clock is ahead by " + ahead).until(() -> {
            String date = relay.send("/v1/source").headers().firstValue("Date").orElseThrow();
            Instant there = ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant();
            return Duration.between(Instant.now().plus(ahead), there).abs().compareTo(JUMP.dividedBy(2)) < 0;
        });
    }
}
