// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import static org.junit.jupiter.api.Assumptions.abort;

import io.tidemark.quickstart.stack.StackException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A small file system in memory, which a test fills. Unmounted on close. */
public final class SmallDisk implements AutoCloseable {

    private final Path mountPoint;

    private SmallDisk(Path mountPoint) {
        this.mountPoint = mountPoint;
    }

    /** Mounts one below {@code parent}. If that is not allowed, the test is skipped with the reason. */
    public static SmallDisk mount(Path parent, int mebibytes) {
        try {
            Path mountPoint = Files.createDirectory(parent.resolve("small-disk"));
            String refusal =
                    run("mount", "-t", "tmpfs", "-o", "size=" + mebibytes + "m", "tmpfs", mountPoint.toString());
            if (!refusal.isEmpty()) {
                abort("no small disk to fill, mounting one is not allowed here: " + refusal);
            }
            return new SmallDisk(mountPoint);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Path path() {
        return mountPoint;
    }

    /** Sets its size, and keeps its files. */
    public void resize(int mebibytes) {
        require(run("mount", "-o", "remount,size=" + mebibytes + "m", mountPoint.toString()));
    }

    @Override
    public void close() {
        require(run("umount", mountPoint.toString()));
    }

    private static void require(String complaint) {
        if (!complaint.isEmpty()) {
            throw new StackException(complaint);
        }
    }

    /** Returns the error message; empty on success. */
    private static String run(String... command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            int exitCode = process.waitFor();
            return exitCode == 0 ? "" : String.join(" ", command) + " ended with " + exitCode + ": " + output;
        } catch (IOException e) {
            return "cannot run " + command[0] + ": " + e.getMessage();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StackException("interrupted during " + command[0], e);
        }
    }
}
