// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.benchmark.peer;

import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.TestSource;
import io.tidemark.quickstart.relay.RelayChild;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The relay, with the options that {@code bin/tidemark} gives its JVM. {@code -Dpeers.jvm="-Xmx1g -Xmn600m"} adds others,
 * of which the last counts. Several sets of options, each a peer of its own, are separated by {@code |}.
 */
final class TidemarkPeer implements Peer {

    private static final String PRESET = "outbox: {preset: debezium}";

    private final boolean isOwnTable;
    private final String moreOptions;

    /** @param isOwnTable {@code outbox.event}, whose rows are counted for the audit; otherwise Debezium's table */
    private TidemarkPeer(boolean isOwnTable, String moreOptions) {
        this.isOwnTable = isOwnTable;
        this.moreOptions = moreOptions;
    }

    /** With each table, for each set of options. */
    static List<Peer> all() {
        return Arrays.stream(System.getProperty("peers.jvm", "").split("\\|"))
                .flatMap(options -> Stream.of(new TidemarkPeer(true, options), new TidemarkPeer(false, options)))
                .map(Peer.class::cast)
                .toList();
    }

    /**
     * The process, as {@code bin/tidemark run} starts it.
     *
     * @param more options, separated by spaces; possibly none
     */
    static RelayProcess.Launch launch(String more) {
        List<String> options = new ArrayList<>(RelayChild.JVM_OPTIONS);
        options.add("-XX:TieredStopAtLevel=4");
        if (!more.isBlank()) {
            options.addAll(List.of(more.trim().split(" +")));
        }
        return new RelayProcess.Launch(options, Map.of());
    }

    @Override
    public String name() {
        return (isOwnTable ? "Tidemark, outbox.event, with audit" : "Tidemark, Debezium's table")
                + (moreOptions.isBlank() ? "" : ", " + moreOptions.trim());
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
                ? RelayProcess.start(source, source.servers(), launch(moreOptions))
                : RelayProcess.start(source, source.servers(), launch(moreOptions), PRESET);
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
