// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.stack;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.common.Uuid;

/**
 * Several brokers, each a child JVM with a separate data directory. With three or more, topics have three replicas, of
 * which two must be in sync, so one broker may be down.
 */
public final class KafkaCluster implements AutoCloseable {

    private final List<KafkaServer> brokers;

    private KafkaCluster(List<KafkaServer> brokers) {
        this.brokers = brokers;
    }

    /**
     * Starts brokers on the data below {@code dir}, which must be empty, and returns when all of them answer.
     *
     * @param listeners the extra listeners of each broker; one list for each broker
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

    /** @param index from 0; the node id is one more */
    public KafkaServer broker(int index) {
        return brokers.get(index);
    }

    /** The addresses of all brokers, on their ordinary listeners. */
    public String bootstrapServers() {
        return brokers.stream().map(KafkaServer::bootstrapServers).collect(Collectors.joining(","));
    }

    /** Kills all brokers: on a normal stop, a broker would wait for the quorum, which is also stopping. */
    @Override
    public void close() {
        brokers.forEach(KafkaServer::kill);
    }
}
