// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.console;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.relay.config.KafkaConfig;
import io.tidemark.relay.config.OutboxConfig;
import io.tidemark.relay.config.PostgresConfig;
import io.tidemark.relay.config.RelayConfiguration;
import java.util.Locale;

/**
 * The effective configuration, without secrets. Names each value that is shown; a new key is not shown before somebody
 * has decided so. Of client properties and the parameters of URLs, which can hold passwords, only the names are shown.
 */
final class ShownConfiguration {

    private ShownConfiguration() {}

    static ObjectNode of(RelayConfiguration config) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.set("postgres", of(config.postgres()));
        json.set("kafka", of(config.kafka()));
        json.set("outbox", of(config.outbox()));
        ArrayNode routes = json.putArray("routes");
        config.routes()
                .forEach(route -> routes.addObject()
                        .put("aggregateType", route.aggregateType())
                        .put("topic", route.topic())
                        .put("tombstones", route.tombstones())
                        .put("onPoison", route.hasDeadLetters() ? "dead-letter" : "halt"));
        json.put("headers", config.headers().name().toLowerCase(Locale.ROOT));
        ArrayNode projections = json.putArray("projections");
        config.projections().forEach(projection -> {
            ObjectNode one = projections
                    .addObject()
                    .put("name", projection.name())
                    .put("group", projection.group())
                    .put("stalledAfter", projection.stalledAfter().toString())
                    .put("visibleAfter", projection.visibleAfter().toString());
            ArrayNode topics = one.putArray("topics");
            projection.topics().forEach(topics::add);
        });
        json.putObject("watermark")
                .put("maxWait", config.watermark().maxWait().toString())
                .put("maxWaiters", config.watermark().maxWaiters())
                .put("maxWaitersPerProjection", config.watermark().maxWaitersPerProjection());
        json.putObject("limits")
                .put("transactionBytes", config.limits().transactionBytes().toString())
                .put("batchEvents", config.limits().batchEvents());
        json.putObject("http").put("bearerTokens", config.http().bearerTokenFile() != null);
        json.putObject("tokens").put("sealed", config.tokens().secretFile() != null);
        ArrayNode peers = json.putObject("console").putArray("peers");
        config.console().peers().forEach(peers::add);
        return json;
    }

    private static ObjectNode of(PostgresConfig postgres) {
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("url", postgres.url().replaceFirst("\\?.*", ""))
                .put("user", postgres.user())
                .put("slot", postgres.slot())
                .put("publication", postgres.publication());
        ArrayNode replicas = json.putArray("replicas");
        postgres.replicas()
                .forEach(replica -> replicas.addObject()
                        .put("name", replica.name())
                        .put("url", replica.url().replaceFirst("\\?.*", "")));
        return json;
    }

    private static ObjectNode of(KafkaConfig kafka) {
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("bootstrapServers", kafka.bootstrapServers());
        ArrayNode names = json.putArray("propertyNames");
        kafka.properties().keySet().stream().sorted().forEach(names::add);
        json.putObject("topics")
                .put("autoCreate", kafka.topics().autoCreate())
                .put("partitions", kafka.topics().partitions())
                .put("replicationFactor", kafka.topics().replicationFactor());
        return json;
    }

    private static ObjectNode of(OutboxConfig outbox) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("table", outbox.table())
                .put("retention", outbox.retention().toString());
    }
}
