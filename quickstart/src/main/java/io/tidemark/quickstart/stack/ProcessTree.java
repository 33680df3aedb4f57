// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.stack;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A process with all its descendants. */
final class ProcessTree {

    private static final Duration GONE_TIMEOUT = Duration.ofSeconds(30);

    private ProcessTree() {}

    static List<ProcessHandle> of(ProcessHandle root) {
        return Stream.concat(Stream.of(root), root.descendants()).toList();
    }

    /**
     * {@code kill -9} for all descendants of the process. Returns when they have ended and released their files and
     * shared memory. The process itself is not killed, so that it can reap its children.
     */
    static void killBelow(ProcessHandle root) {
        // A suspended process cannot start another one, so no process is created between the listing and the kill.
        try (ProcessPause pause = ProcessPause.of(pids(of(root)))) {
            List<ProcessHandle> below = root.descendants().toList();
            below.forEach(ProcessHandle::destroyForcibly);
            awaitGone(below);
        }
    }

    static long[] pids(List<ProcessHandle> processes) {
        return processes.stream().mapToLong(ProcessHandle::pid).toArray();
    }

    private static void awaitGone(List<ProcessHandle> processes) {
        long deadline = System.nanoTime() + GONE_TIMEOUT.toNanos();
        while (!processes.stream().allMatch(ProcessTree::isGone)) {
            if (System.nanoTime() > deadline) {
                throw new StackException("still there " + GONE_TIMEOUT.toSeconds() + " s after kill -9: "
                        + processes.stream()
                                .filter(process -> !isGone(process))
                                .map(process -> process.pid() + " "
                                        + process.info().command().orElse(""))
                                .toList());
            }
            try {
                TimeUnit.MILLISECONDS.sleep(5);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new StackException("interrupted while processes were being killed", e);
            }
        }
    }

    /** A zombie counts as ended: it only waits for its parent, and holds no resources. */
    private static boolean isGone(ProcessHandle process) {
        if (!process.isAlive()) {
            return true;
        }
        Path stat = Path.of("/proc", Long.toString(process.pid()), "stat");
        try {
            String line = Files.readString(stat);
            return line.startsWith(") Z", line.lastIndexOf(')'));
        } catch (IOException e) {
            return Files.exists(Path.of("/proc/self/stat")) && !Files.exists(stat);
        }
    }
}
