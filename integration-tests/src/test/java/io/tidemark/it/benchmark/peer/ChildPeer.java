// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.benchmark.peer;

import io.tidemark.it.harness.Servers;
import io.tidemark.it.harness.TestSource;
import io.tidemark.quickstart.stack.ChildJvm;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the peers in a child JVM of this class path share: Debezium's table, a slot, and the process. */
final class ChildPeer {

    static final List<String> JVM_OPTIONS = List.of("-Xmx256m", "-XX:+UseSerialGC");

    private ChildPeer() {}

    static TestSource createTable(String label) throws Exception {
        TestSource source = TestSource.bare(label, Servers.shared());
        source.execute(OutboxTable.DEBEZIUM);
        return source;
    }

    /** A slot and a publication of the name of the database. */
    static void createSlot(TestSource source) throws SQLException {
        source.execute(
                "create publication " + source.name() + " for table outboxevent with (publish = 'insert')",
                "select pg_create_logical_replication_slot('" + source.name() + "', 'pgoutput')");
    }

    /** The arguments of such a process: URL, user, password, name, Kafka. */
    static List<String> arguments(TestSource source, String... more) {
        List<String> arguments = new ArrayList<>(List.of(
                source.servers().url(source.name()),
                source.servers().user(),
                source.servers().password(),
                source.name(),
                source.servers().bootstrapServers()));
        arguments.addAll(List.of(more));
        return arguments;
    }

    static Peer.Running run(ChildJvm process, Counted counted, @Nullable Arrivals arrivals) {
        return new Peer.Running() {

            @Override
            public long pid() {
                return process.pid();
            }

            @Override
            public void checkAlive() {
                if (!process.isAlive()) {
                    throw new IllegalStateException("the peer has ended, log " + process.log());
                }
            }

            @Override
            public long arrived() {
                return counted.count();
            }

            @Override
            public @Nullable Arrivals arrivals() {
                return arrivals;
            }

            @Override
            public void close() throws Exception {
                process.close();
                if (arrivals != null) {
                    arrivals.close();
                }
            }
        };
    }

    /** A number that grows. */
    @FunctionalInterface
    interface Counted {
        long count();
    }
}
