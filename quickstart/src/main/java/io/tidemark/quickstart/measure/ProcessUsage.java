// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.measure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/** The operating system's figures of a running process. */
public final class ProcessUsage {

    private ProcessUsage() {}

    /** Maximum resident memory, in bytes; only on Linux. */
    public static OptionalLong peakResidentBytes(long pid) {
        try {
            return peakResidentBytes(Files.readString(Path.of("/proc/" + pid + "/status")));
        } catch (IOException e) { // another system, or the process has ended
            return OptionalLong.empty();
        }
    }

    /** @param status as in proc_pid_status(5): {@code VmHWM:   123456 kB} */
    static OptionalLong peakResidentBytes(String status) {
        return status.lines()
                .filter(line -> line.startsWith("VmHWM:"))
                .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("[^0-9]", "")))
                .findFirst();
    }

    /** The CPU time it has used since its start. */
    public static Optional<Duration> cpu(long pid) {
        return ProcessHandle.of(pid).flatMap(process -> process.info().totalCpuDuration());
    }
}
