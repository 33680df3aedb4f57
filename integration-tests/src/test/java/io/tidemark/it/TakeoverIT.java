// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.awaitility.Awaitility.await;

import io.tidemark.it.guarantee.Evidence;
import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.RelayProcess.Launch;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.Workload;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The critical moment of a takeover: the old relay is suspended just before a commit, or between two commits, and wakes
 * up when the new one has read the position.
 */
class TakeoverIT {

    /** The relay waits there until the file is deleted. */
    private static Launch holdingAt(String failpoint, Path file) {
        return new Launch(
                List.of("-Dio.tidemark.failpoints=" + failpoint, "-Dio.tidemark.failpoints.hold=" + file), Map.of());
    }

    private static void awaitOutput(RelayProcess relay, String text) {
        await(text)
                .pollInterval(Duration.ofMillis(20))
                .until(() -> relay.output().contains(text));
    }

    private static void endLockSession(TestSource source) throws Exception {
        source.execute("select pg_terminate_backend(pid, 5000) from pg_locks where locktype = 'advisory'"
                + " and database = (select oid from pg_database where datname = current_database())");
    }

    @Test
    void refusesACommitAfterTheTakeoverBegan(@TempDir Path dir) throws Exception {
        Path commit = Files.createFile(dir.resolve("commit"));
        Path start = Files.createFile(dir.resolve("start"));
        try (TestSource source = TestSource.create("takeover")) {
            try (Workload workload = Workload.start(source, 11, 2, 20);
                    RelayProcess old =
                            RelayProcess.start(source, source.servers(), holdingAt("before-commit=hold@20", commit))) {
                awaitOutput(old, "name=before-commit action=hold");
                try (RelayProcess next =
                        RelayProcess.start(source, source.servers(), holdingAt("after-position-read=hold", start))) {
                    endLockSession(source);
                    awaitOutput(next, "name=after-position-read action=hold");

                    Files.delete(commit);
                    awaitOutput(old, "another relay publishes this source now");
                    Files.delete(start);

                    next.awaitRunning();
                    workload.close();
                    Evidence.gather(source).check("a commit during a takeover");
                }
            }
        }
    }

    /** The old relay may notice immediately that its session has ended, and get the lock again before the other one. */
    private static boolean hasTakenOver(RelayProcess next, RelayProcess old, TestSource source) throws Exception {
        if (next.output().contains("name=after-position-read action=hold")) {
            return true;
        }
        if (old.state().equals("running")) {
            endLockSession(source);
        }
        return false;
    }

    /** It checks its session only every two seconds. Until then, only fencing keeps it from publishing. */
    @Test
    void relayThatLostItsLockUnnoticedPublishesNothingMore(@TempDir Path dir) throws Exception {
        Path start = Files.createFile(dir.resolve("start"));
        try (TestSource source = TestSource.create("unaware")) {
            try (Workload workload = Workload.start(source, 12, 3, 5);
                    RelayProcess old = RelayProcess.start(source).awaitRunning();
                    RelayProcess next = RelayProcess.start(
                            source, source.servers(), holdingAt("after-position-read=hold", start))) {
                next.awaitState("standby");
                await("the standby to be the first to ask for the lock")
                        .pollDelay(Duration.ZERO)
                        .pollInterval(Duration.ofSeconds(5)) // by then the old relay has noticed and reports it
                        .until(() -> hasTakenOver(next, old, source));
                awaitOutput(old, "event=state state=retrying");
                Files.delete(start);

                next.awaitRunning();
                workload.close();
                Evidence.gather(source).check("a lock lost under load");
            }
        }
    }
}
