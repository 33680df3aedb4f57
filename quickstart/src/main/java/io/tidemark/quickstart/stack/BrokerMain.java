// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.stack;

import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.kafka.metadata.storage.Formatter;

/** The broker's process: formats the log directory at the first start, then runs {@code kafka.Kafka}. */
public final class BrokerMain {

    private BrokerMain() {}

    /** @param args the properties file, the log directory, the node id and the cluster id */
    public static void main(String[] args) throws Exception {
        if (!Files.exists(Path.of(args[1], "meta.properties"))) {
            format(args[1], Integer.parseInt(args[2]), args[3]);
        }
        kafka.Kafka.main(new String[] {args[0]});
    }

    /** Replaces Kafka's StorageTool, whose command line needs another argparse4j than Dropwizard's. */
    private static void format(String directory, int nodeId, String clusterId) throws Exception {
        new Formatter()
                .setNodeId(nodeId)
                .setClusterId(clusterId)
                .setControllerListenerName("CONTROLLER")
                .setMetadataLogDirectory(directory)
                .addDirectory(directory)
                .run();
    }
}
