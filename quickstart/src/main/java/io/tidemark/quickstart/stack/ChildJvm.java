// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.stack;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A Java program on this JVM's class path as a child process. It ends when its parent ends, even by {@code kill -9},
 * because {@link ChildMain} watches the pipe that is its standard input. Output goes to a log file.
 */
public final class ChildJvm implements AutoCloseable {

    private final String name;
    private final Process process;
    private final Path log;
    private @Nullable ProcessPause pause;

    private ChildJvm(String name, Process process, Path log) {
        this.name = name;
        this.process = process;
        this.log = log;
    }

    /**
     * Starts the program and returns immediately.
     *
     * @param name for messages
     * @param mainClass the class whose {@code main} the child runs
     * @param jvmOptions for example {@code -Xmx256m}
     * @param log appended to; its directory must exist
     */
    public static ChildJvm start(
            String name, String mainClass, List<String> arguments, List<String> jvmOptions, Path log) {
        return start(name, mainClass, arguments, jvmOptions, Map.of(), log);
    }

    /** The same with environment variables added. */
    public static ChildJvm start(
            String name,
            String mainClass,
            List<String> arguments,
            List<String> jvmOptions,
            Map<String, String> environment,
            Path log) {
        return start(name, System.getProperty("java.class.path"), mainClass, arguments, jvmOptions, environment, log);
    }

    /**
     * Starts a program of another installation and returns immediately.
     *
     * @param libraries the directory of its jars, which are all that it sees
     */
    static ChildJvm startInstalled(
            String name, Path libraries, String mainClass, List<String> arguments, List<String> jvmOptions, Path log) {
        String ours = ChildMain.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .getPath();
        return start(
                name,
                libraries.resolve("*") + File.pathSeparator + ours,
                mainClass,
                arguments,
                jvmOptions,
                Map.of(),
                log);
    }

    private static ChildJvm start(
            String name,
            String classPath,
            String mainClass,
            List<String> arguments,
            List<String> jvmOptions,
            Map<String, String> environment,
            Path log) {
        // A terminal sends Ctrl-C to all foreground processes. Only the parent must act on it, in its own order.
        List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", "trap '' INT; exec \"$@\"", "sh"));
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(jvmOptions);
        command.add("-cp");
        command.add(classPath);
        command.add(ChildMain.class.getName());
        command.add(mainClass);
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().putAll(environment);
        try {
            return new ChildJvm(name, builder.start(), log);
        } catch (IOException e) {
            throw new StackException("cannot start " + name + ": " + e.getMessage(), e);
        }
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    public long pid() {
        return process.pid();
    }

    public Path log() {
        return log;
    }

    /** Everything the child has printed so far. */
    public String output() {
        try {
            return Files.exists(log) ? Files.readString(log) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until the child has ended and returns its exit code. */
    public int awaitExit(long timeoutSeconds) {
        try {
            if (!process.waitFor(timeoutSeconds, TimeUnit.SECONDS)) {
                throw new StackException(name + " did not end within " + timeoutSeconds + " s; its log is " + log);
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StackException("interrupted while waiting for " + name, e);
        }
    }

    /** {@code kill -9}; returns once the process is gone. */
    public void kill() {
        process.destroyForcibly();
        process.onExit().join();
        resume();
    }

    /** {@code SIGSTOP}: the process is suspended, with all its connections open, until {@link #resume}. */
    public void pause() {
        if (pause == null) {
            pause = ProcessPause.of(pid());
        }
    }

    /** {@code SIGCONT}, if it is suspended. */
    public void resume() {
        if (pause != null) {
            pause.close();
            pause = null;
        }
    }

    /** {@code SIGTERM}; returns immediately. */
    public void requestStop() {
        process.destroy();
    }

    /** SIGTERM, then {@code kill -9} after half a minute. */
    @Override
    public void close() {
        resume();
        process.destroy();
        try {
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                kill();
            }
        } catch (InterruptedException e) {
            kill();
            Thread.currentThread().interrupt();
        }
    }
}
