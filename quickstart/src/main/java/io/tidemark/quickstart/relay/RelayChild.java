package io.tidemark.quickstart.relay;

import io.tidemark.quickstart.stack.ChildJvm;
import io.tidemark.relay.cli.TidemarkCli;
import java.util.List;

/** The relay as {@code tidemark run} in a process of its own, with the memory that {@code bin/tidemark} gives it. */
public final class RelayChild implements AutoCloseable {

    /** Of the relay's JVM. */
    public static final List<String> JVM_OPTIONS = List.of("-Xmx256m", "-XX:+UseSerialGC");

    private final ChildJvm process;

    private RelayChild(ChildJvm process) {
        this.process = process;
    }

    /** Starts it; returns at once. */
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

    /** SIGTERM, and returns when it has ended. */
    @Override
    public void close() {
        process.close();
    }
}
