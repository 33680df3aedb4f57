// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cleanup;

import io.tidemark.it.harness.TestSource;
import io.tidemark.relay.account.AuditRecord;
import io.tidemark.relay.account.AuditTally;
import io.tidemark.relay.account.DayDigest;
import java.lang.management.ManagementFactory;
import java.sql.Connection;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Locale;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * What the accounts of rows cost: the count of an event on the publishing thread, and the digest of a day in Postgres,
 * in slices. Prints, decides nothing. Not in {@code mvn verify}: docs/benchmarks.md has the command.
 */
class AuditCostBenchmark {

    private static final int EVENTS = Integer.getInteger("audit.events", 5_000_000);
    private static final int ROWS = Integer.getInteger("audit.rows", 1_000_000);
    private static final int ROUNDS = Integer.getInteger("audit.rounds", 3);
    private static final int IDS = 1 << 16;

    /** CPU time, so that other work of the machine does not count. */
    @Test
    void countOfAnEvent() {
        String[] ids = new String[IDS];
        for (int i = 0; i < IDS; i++) {
            ids[i] = UUID.randomUUID().toString();
        }
        AuditTally tally = AuditTally.from(AuditRecord.beginning(Instant.EPOCH));
        for (int round = -1; round < ROUNDS; round++) {
            long cpu = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
            tally.begin();
            for (int i = 0; i < EVENTS; i++) {
                tally.add(ids[i & (IDS - 1)], i);
            }
            tally.records();
            tally.committed();
            double nanos = (double) (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - cpu) / EVENTS;
            if (round >= 0) { // the first is for warming up
                System.out.printf(
                        Locale.ROOT,
                        "AuditCostBenchmark: count of an event: %.0f ns of CPU, %.1f %% of a core at 100,000 a second%n",
                        nanos,
                        nanos / 100);
            }
        }
    }

    @Test
    void digestOfADay() throws Exception {
        try (OldOutbox outbox = OldOutbox.create("cost")) {
            TestSource source = outbox.source();
            LocalDate day = outbox.day(0);
            source.execute("insert into outbox.event (aggregate_type, aggregate_id, event_type, payload, created_at)"
                    + " select 'order', n::text, 't', repeat('x', 500), '" + day + " 00:00:00+00'::timestamptz"
                    + " + n % 86000 * interval '1 second' from generate_series(1, " + ROWS + ") n");
            try (Connection session = source.connect()) {
                for (int round = 0; round < ROUNDS; round++) {
                    long began = System.nanoTime();
                    DayDigest digest = new TableDigest(session)
                            .inSlices(TableDigest.startOf(day), TableDigest.startOf(day.plusDays(1)))
                            .getOrDefault(day, DayDigest.NONE);
                    double inSlices = (System.nanoTime() - began) / 1e9;
                    began = System.nanoTime();
                    new TableDigest(session).ofDay(day, "outbox.event");
                    double atOnce = (System.nanoTime() - began) / 1e9;
                    System.out.printf(
                            Locale.ROOT,
                            "AuditCostBenchmark: digest of a day of %d rows: %.1f s in slices, %.2f s without rests"
                                    + " (%.2f us a row, %.1f %% of a core while it runs)%n",
                            digest.rows(),
                            inSlices,
                            atOnce,
                            atOnce * 1e6 / digest.rows(),
                            100 * atOnce / inSlices);
                }
            }
        }
    }
}
