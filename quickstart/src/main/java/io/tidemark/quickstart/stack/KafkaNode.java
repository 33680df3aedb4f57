// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.stack;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.common.Uuid;

/**
 * The configuration of one node of a cluster, broker and controller in one process. It stays the same over restarts.
 *
 * @param controllerPorts the controller ports of all nodes, including this one, by id
 * @param clients listeners in addition to the one of brokers and ordinary clients
 * @param settings added to the default settings; they override them
 */
record KafkaNode(
        int id,
        String clusterId,
        int port,
        Map<Integer, Integer> controllerPorts,
        List<KafkaListener> clients,
        Map<String, String> settings) {

    static KafkaNode alone(int port, List<KafkaListener> clients, Map<String, String> settings) {
        return new KafkaNode(1, Uuid.randomUuid().toString(), port, Map.of(1, FreePorts.next()), clients, settings);
    }

    String properties(Path data) {
        int replicas = Math.min(3, controllerPorts.size());
        String voters = new TreeMap<>(controllerPorts)
                .entrySet().stream()
                        .map(node -> node.getKey() + "@127.0.0.1:" + node.getValue())
                        .collect(Collectors.joining(","));
        return String.format(
                        Locale.ROOT,
                        """
                process.roles=broker,controller
                node.id=%d
                controller.quorum.voters=%s
                controller.listener.names=CONTROLLER
                inter.broker.listener.name=PLAINTEXT
                listeners=CONTROLLER://127.0.0.1:%d,PLAINTEXT://127.0.0.1:%d%s
                advertised.listeners=PLAINTEXT://127.0.0.1:%d%s
                listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT%s
                log.dirs=%s
                num.partitions=4
                offsets.topic.num.partitions=4
                transaction.state.log.num.partitions=4
                group.initial.rebalance.delay.ms=0
                # 128 MB by default, which is half of this heap: every collection would be a full one, of 0.1 s
                log.cleaner.dedupe.buffer.size=4194304
                # back within seconds after a kill -9
                broker.session.timeout.ms=1500
                broker.heartbeat.interval.ms=250
                """,
                        id,
                        voters,
                        controllerPorts.get(id),
                        port,
                        forEachClient(client -> client.name() + "://127.0.0.1:" + client.port()),
                        port,
                        forEachClient(client -> client.name() + "://127.0.0.1:" + client.advertisedPort()),
                        forEachClient(client -> client.name() + ":" + client.protocol()),
                        data)
                + replication(replicas)
                + settings.entrySet().stream()
                        .map(setting -> setting.getKey() + "=" + setting.getValue() + "\n")
                        .collect(Collectors.joining());
    }

    private String forEachClient(Function<KafkaListener, String> text) {
        return clients.stream().map(client -> "," + text.apply(client)).collect(Collectors.joining());
    }

    /** One of three brokers may be down. If another one fails, no acknowledged record is lost. */
    private static String replication(int replicas) {
        int inSync = replicas > 2 ? 2 : 1;
        return String.format(Locale.ROOT, """
                default.replication.factor=%1$d
                min.insync.replicas=%2$d
                offsets.topic.replication.factor=%1$d
                transaction.state.log.replication.factor=%1$d
                transaction.state.log.min.isr=%2$d
                share.coordinator.state.topic.replication.factor=%1$d
                share.coordinator.state.topic.min.isr=%2$d
                """, replicas, inSync);
    }
}
