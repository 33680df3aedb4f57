// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.stack;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Suspends processes ({@code SIGSTOP}) until this is closed ({@code SIGCONT}). They also continue when this JVM ends,
 * even by {@code kill -9}: a suspended process would not notice that its parent has ended, and would stay forever.
 */
public final class ProcessPause implements AutoCloseable {

    /** Uses the shell's built-in {@code kill}, because some small systems do not have the program. */
    private static final String SCRIPT = "answer=none; for pid; do kill -STOP $pid && answer=stopped; done;"
            + " echo $answer; cat > /dev/null; kill -CONT \"$@\" 2> /dev/null";

    private static final String STOPPED = "stopped";

    private final Process shell;

    private ProcessPause(Process shell) {
        this.shell = shell;
    }

    /** Suspends the existing ones of these processes, in this order. Returns when the signals are sent. */
    public static ProcessPause of(long... pids) {
        List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", SCRIPT, "sh"));
        Arrays.stream(pids).mapToObj(Long::toString).forEach(command::add);
        try {
            Process shell = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            BufferedReader answer = shell.inputReader();
            if (!STOPPED.equals(answer.readLine())) {
                shell.destroy();
                throw new StackException("cannot send SIGSTOP to " + Arrays.toString(pids) + "; they may have ended");
            }
            return new ProcessPause(shell);
        } catch (IOException e) {
            throw new StackException("cannot run kill -STOP: " + e.getMessage(), e);
        }
    }

    /** Returns when the processes continue, or have ended. */
    @Override
    public void close() {
        try {
            shell.getOutputStream().close(); // the shell's cat ends
            shell.waitFor();
        } catch (IOException e) {
            throw new StackException("cannot send SIGCONT: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StackException("interrupted while sending SIGCONT", e);
        }
    }
}
