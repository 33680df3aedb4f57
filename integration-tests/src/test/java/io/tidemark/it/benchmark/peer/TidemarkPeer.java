// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.benchmark.peer;

import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.TestSource;
import io.tidemark.quickstart.relay.RelayChild;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The relay, with the options that {@code bin/tidemark} gives its JVM. {@code -Dpeers.jvm="-Xmx1g -Xmn600m"} adds others,
 * of which the last counts.
 */
final class TidemarkPeer implements Peer {

    private static final String PRESET = "outbox: {preset: debezium}";

    private static final String MORE = System.getProperty("peers.jvm", "");

    private final boolean isOwnTable;

    /** @param isOwnTable {@code outbox.event}, whose rows are counted for the audit; otherwise Debezium's table */
    TidemarkPeer(boolean isOwnTable) {
        this.isOwnTable = isOwnTable;
    }

    /** The process, as {@code bin/tidemark run} starts it. */
    static RelayProcess.Launch launch() {
        List<String> options = new ArrayList<>(RelayChild.JVM_OPTIONS);
        options.add("-XX:TieredStopAtLevel=4");
        if (!MORE.isEmpty()) {
            options.addAll(List.of(MORE.split(" ")));
        }
        return new RelayProcess.Launch(options, Map.of());
    }

    @Override
    public String name() {
        return (isOwnTable ? "Tidemark, outbox.event, with audit" : "Tidemark, Debezium's table")
                + (MORE.isEmpty() ? "" : ", " + MORE);
    }

    @Override
    public TestSource create() throws Exception {
        return isOwnTable ? TestSource.create("tidemark") : TestSource.around(OutboxTable.DEBEZIUM, "tidemark", PRESET);
    }

    @Override
    public String insert() {
        return isOwnTable ? OutboxTable.INSERT_OWN : OutboxTable.INSERT_DEBEZIUM;
    }

    @Override
    public Running start(TestSource source) {
        RelayProcess process = isOwnTable
                ? RelayProcess.start(source, source.servers(), launch())
                : RelayProcess.start(source, source.servers(), launch(), PRESET);
        return run(source, process);
    }

    /** Closes the process, too. */
    static Running run(TestSource source, RelayProcess process) {
        Arrivals arrivals = Arrivals.start(source);
        return new Running() {

            @Override
            public long pid() {
                return process.pid();
            }

            @Override
            public void checkAlive() {
                if (!process.isAlive()) {
                    throw new IllegalStateException("the relay has ended, log " + process.log());
                }
            }

            @Override
            public Arrivals arrivals() {
                return arrivals;
            }

            @Override
            public long arrived() {
                return arrivals.count();
            }

            @Override
            public void close() throws Exception {
                process.close();
                arrivals.close();
            }
        };
    }
}
