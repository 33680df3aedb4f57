package io.tidemark.quickstart.stack;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.common.Uuid;

/**
 * Several brokers, each a child JVM with its data in a directory of its own. From three on, topics have three replicas
 * of which two must be in sync: one broker may be away.
 */
public final class KafkaCluster implements AutoCloseable {

    private final List<KafkaServer> brokers;

    private KafkaCluster(List<KafkaServer> brokers) {
        this.brokers = brokers;
    }

    /**
     * Starts brokers on the data below {@code dir}, which must be empty, and returns when all of them answer.
     *
     * @param listeners for each broker those besides its ordinary one; as many lists as there shall be brokers
     */
    public static KafkaCluster start(Path dir, List<List<KafkaListener>> listeners) {
        String clusterId = Uuid.randomUuid().toString();
        Map<Integer, Integer> controllerPorts = new TreeMap<>();
        for (int id = 1; id <= listeners.size(); id++) {
            controllerPorts.put(id, FreePorts.next());
        }
        KafkaCluster cluster = new KafkaCluster(new ArrayList<>());
        try {
            for (int id = 1; id <= listeners.size(); id++) {
                KafkaNode node = new KafkaNode(
                        id, clusterId, FreePorts.next(), controllerPorts, listeners.get(id - 1), Map.of());
                cluster.brokers.add(KafkaServer.launchNode(dir.resolve("broker-" + id), node));
            }
            cluster.brokers.forEach(KafkaServer::awaitReady);
            return cluster;
        } catch (RuntimeException e) {
            cluster.close();
            throw e;
        }
    }

    public int size() {
        return brokers.size();
    }

    /** @param index from 0; the node's id is one more */
    public KafkaServer broker(int index) {
        return brokers.get(index);
    }

    /** Of all brokers, on their ordinary listeners. */
    public String bootstrapServers() {
        return brokers.stream().map(KafkaServer::bootstrapServers).collect(Collectors.joining(","));
    }

    /** Kills them: a broker that is told to stop waits for a quorum that is going away with it. */
    @Override
    public void close() {
        brokers.forEach(KafkaServer::kill);
    }
}
