// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.guarantee.Evidence;
import io.tidemark.it.harness.FaultyServers;
import io.tidemark.it.harness.FaultyWorld;
import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.Workload;
import io.tidemark.outbox.Lsn;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;

/** The common steps of the fault tests. */
final class FaultSteps {

    private static final long SEED = 7;

    private FaultSteps() {}

    /** Two relays: the first is active, the second is a standby. */
    static FaultyWorld pair(FaultyServers servers, String label) throws Exception {
        FaultyWorld world = FaultyWorld.on(servers, label);
        world.startRelay(0).awaitRunning();
        world.startRelay(1).awaitState("standby");
        return world;
    }

    /** One relay that is active. */
    static FaultyWorld single(FaultyServers servers, String label) throws Exception {
        FaultyWorld world = FaultyWorld.on(servers, label);
        world.startRelay(0).awaitRunning();
        return world;
    }

    static Workload load(FaultyWorld world) {
        return Workload.startReconnecting(world.source()::connect, SEED, 2, 30);
    }

    /** Returns once the relay has published something that was committed after this call. */
    static void awaitPublishing(FaultyWorld world, int relay) throws Exception {
        awaitAnyPublishing(world, relay);
    }

    /** The same for several relays. Returns the first that has published. */
    static int awaitAnyPublishing(FaultyWorld world, int... relays) throws Exception {
        Lsn head = Lsn.parse(world.source().query("select pg_current_wal_flush_lsn()::text"));
        return await("one of relays " + Arrays.toString(relays) + " publishes, log of the first "
                        + world.relay(relays[0]).log())
                .pollInterval(Duration.ofMillis(50))
                .until(() -> firstBeyond(head, world, relays), OptionalInt::isPresent)
                .getAsInt();
    }

    private static OptionalInt firstBeyond(Lsn head, FaultyWorld world, int... relays) throws Exception {
        for (int relay : relays) {
            if (world.relay(relay).published().isAfter(head)) {
                return OptionalInt.of(relay);
            }
        }
        return OptionalInt.empty();
    }

    /** Prints the time since then. */
    static void report(String test, String what, long sinceNanos) {
        System.out.printf("%s: %s after %d ms%n", test, what, millisSince(sinceNanos));
    }

    private static long millisSince(long nanos) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanos);
    }

    /** Checks every guarantee for all committed events. */
    static void check(FaultyWorld world, String fault) throws Exception {
        Evidence evidence = Evidence.gather(world.source());
        evidence.check(fault);
        assertThat(evidence.committed()).isNotEmpty();
    }

    /** Ends the session that holds the lock, as an administrator would. */
    static void endLockSession(TestSource source) throws Exception {
        assertThat(source.query(
                        "select count(pg_terminate_backend(pid, 5000)) from pg_locks where locktype = 'advisory'"
                                + " and database = (select oid from pg_database where datname = current_database())"))
                .isEqualTo("1");
    }

    /** After the second relay's first record in {@code tidemark.positions}, the first relay has no records. */
    static void assertOneAfterTheOther(FaultyWorld world, RelayProcess first, RelayProcess second) throws Exception {
        List<Long> publishers = world.publishers();
        int takeover = publishers.indexOf(second.pid());
        assertThat(takeover).isPositive();
        assertThat(publishers.subList(0, takeover)).containsOnly(first.pid());
        assertThat(publishers.subList(takeover, publishers.size())).containsOnly(second.pid());
    }
}
