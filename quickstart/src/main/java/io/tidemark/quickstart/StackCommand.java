// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.quickstart.stack.LocalStack;
import io.tidemark.quickstart.stack.PostgresServer;
import io.tidemark.quickstart.stack.StopSignal;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code tidemark stack}: only the two servers, for development. */
@Command(
        name = "stack",
        description = "Runs a real Postgres and a real Kafka in the foreground until Ctrl-C. Their data is kept.")
final class StackCommand implements Callable<Integer> {

    static final String DATABASE = "shop";

    @Option(names = "--dir", description = "Directory of the data. Default: ${DEFAULT-VALUE}")
    private Path dir = Path.of(".tidemark", "stack");

    @Option(names = "--postgres-port", description = "Port of Postgres. Default: ${DEFAULT-VALUE}")
    private int postgresPort = 54321;

    @Option(names = "--kafka-port", description = "Port of Kafka. Default: ${DEFAULT-VALUE}")
    private int kafkaPort = 19092;

    @Override
    public Integer call() throws Exception {
        try (StopSignal stop = StopSignal.install();
                LocalStack stack = LocalStack.start(dir, postgresPort, kafkaPort)) {
            stack.postgres().createDatabase(DATABASE);
            System.out.println(describe(stack));
            stop.await();
        }
        return 0;
    }

    private static String describe(LocalStack stack) throws Exception {
        ObjectMapper json = new ObjectMapper();
        ObjectNode root = json.createObjectNode();
        root.putObject("postgres")
                .put("host", "127.0.0.1")
                .put("port", stack.postgres().port())
                .put("database", DATABASE)
                .put("user", PostgresServer.USER)
                .put("password", PostgresServer.PASSWORD);
        root.putObject("kafka").put("bootstrapServers", stack.kafka().bootstrapServers());
        return json.writeValueAsString(root);
    }
}
