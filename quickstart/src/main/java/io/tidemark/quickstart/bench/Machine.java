// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.bench;

import io.tidemark.quickstart.relay.RelayChild;
import io.tidemark.quickstart.stack.PostgresServer;
import io.tidemark.relay.cli.Version;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.OptionalDouble;
import org.apache.kafka.common.utils.AppInfoParser;

/**
 * The machine and the versions of a measurement.
 *
 * @param load load average of the minute before the bench began; empty if the system does not report it
 * @param fileSystem its type: on a file system in memory, no commit waits for a disk
 * @param relayJvm options of the relay's JVM
 */
record Machine(
        int cores,
        OptionalDouble load,
        String os,
        String java,
        String fileSystem,
        String tidemark,
        String postgres,
        String kafka,
        String relayJvm) {

    /** @param dir the data directory of the servers */
    static Machine describe(PostgresServer postgres, Path dir) throws SQLException, IOException {
        return new Machine(
                Runtime.getRuntime().availableProcessors(),
                loadAverage(),
                System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                        + System.getProperty("os.arch"),
                System.getProperty("java.version"),
                Files.getFileStore(dir).type(),
                Version.number(),
                versionOf(postgres),
                AppInfoParser.getVersion(),
                String.join(" ", RelayChild.JVM_OPTIONS));
    }

    private static OptionalDouble loadAverage() {
        double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
        return load < 0 ? OptionalDouble.empty() : OptionalDouble.of(Math.round(load * 10) / 10.0);
    }

    private static String versionOf(PostgresServer postgres) throws SQLException {
        try (Connection connection = postgres.connect(EventWriter.DATABASE);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("show server_version")) {
            row.next();
            return row.getString(1);
        }
    }
}
