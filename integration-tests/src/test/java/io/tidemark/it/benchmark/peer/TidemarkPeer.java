// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.benchmark.peer;

import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.TestSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The relay, with the memory that {@code bin/tidemark} gives it. */
final class TidemarkPeer implements Peer {

    private static final String PRESET = "outbox: {preset: debezium}";

    private final boolean isOwnTable;
    private final List<String> jvmOptions;

    /** @param isOwnTable {@code outbox.event}, whose rows are counted for the audit; otherwise Debezium's table */
    TidemarkPeer(boolean isOwnTable, List<String> jvmOptions) {
        this.isOwnTable = isOwnTable;
        this.jvmOptions = List.copyOf(jvmOptions);
    }

    @Override
    public String name() {
        return (isOwnTable ? "Tidemark, outbox.event, with audit" : "Tidemark, Debezium's table")
                + (jvmOptions.isEmpty() ? "" : ", " + String.join(" ", jvmOptions));
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
        List<String> options = new ArrayList<>(List.of("-XX:TieredStopAtLevel=4"));
        options.addAll(jvmOptions);
        RelayProcess.Launch launch = new RelayProcess.Launch(options, Map.of());
        RelayProcess process = isOwnTable
                ? RelayProcess.start(source, source.servers(), launch)
                : RelayProcess.start(source, source.servers(), launch, PRESET);
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
