// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.relay;

import io.tidemark.quickstart.stack.ChildJvm;
import io.tidemark.relay.cli.TidemarkCli;
import java.util.List;

/** The relay as {@code tidemark run} in a separate process, with the same memory as from {@code bin/tidemark}. */
public final class RelayChild implements AutoCloseable {

    /** Options of the relay's JVM. */
    public static final List<String> JVM_OPTIONS =
            List.of("-Xmx256m", "-Xmn140m", "-XX:MetaspaceSize=96m", "-XX:+UseSerialGC");

    private final ChildJvm process;

    private RelayChild(ChildJvm process) {
        this.process = process;
    }

    /** Starts it and returns immediately. */
    public static RelayChild start(RelaySite site) {
        return new RelayChild(ChildJvm.start(
                "the relay",
                TidemarkCli.class.getName(),
                List.of("run", site.config().toString()),
                JVM_OPTIONS,
                site.log()));
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    public long pid() {
        return process.pid();
    }

    /** Sends SIGTERM, and returns when the process has ended. */
    @Override
    public void close() {
        process.close();
    }
}
