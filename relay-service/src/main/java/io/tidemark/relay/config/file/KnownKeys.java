// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.config.file;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemark.relay.config.ConfigurationProblem;
import io.tidemark.relay.config.ConsoleConfig;
import io.tidemark.relay.config.HeaderStyle;
import io.tidemark.relay.config.HttpConfig;
import io.tidemark.relay.config.KafkaConfig;
import io.tidemark.relay.config.LimitsConfig;
import io.tidemark.relay.config.OutboxConfig;
import io.tidemark.relay.config.PostgresConfig;
import io.tidemark.relay.config.ProjectionConfig;
import io.tidemark.relay.config.RouteConfig;
import io.tidemark.relay.config.TokensConfig;
import io.tidemark.relay.config.WatermarkConfig;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Looks for misspelled keys before any value is checked: for {@code postgress:}, the message should be that it is
 * unknown, not that {@code postgres} is missing. Jackson reports them in the opposite order.
 */
final class KnownKeys {

    private static final Map<String, Type> TOP_LEVEL = new LinkedHashMap<>();

    static {
        TOP_LEVEL.put("postgres", PostgresConfig.class);
        TOP_LEVEL.put("kafka", KafkaConfig.class);
        TOP_LEVEL.put("outbox", OutboxConfig.class);
        TOP_LEVEL.put("routes", RouteConfig.class);
        TOP_LEVEL.put("headers", HeaderStyle.class);
        TOP_LEVEL.put("projections", ProjectionConfig.class);
        TOP_LEVEL.put("watermark", WatermarkConfig.class);
        TOP_LEVEL.put("limits", LimitsConfig.class);
        TOP_LEVEL.put("http", HttpConfig.class);
        TOP_LEVEL.put("tokens", TokensConfig.class);
        TOP_LEVEL.put("console", ConsoleConfig.class);
        for (String dropwizards : new String[] {"server", "logging", "metrics", "admin", "health"}) {
            TOP_LEVEL.put(dropwizards, Object.class);
        }
    }

    private KnownKeys() {}

    /** @throws ConfigurationProblem names the first unknown key, and the one that was probably meant */
    static void check(JsonNode file) {
        check("", file, TOP_LEVEL);
    }

    private static void check(String path, JsonNode block, Map<String, Type> known) {
        for (Map.Entry<String, JsonNode> entry : block.properties()) {
            String key = path + entry.getKey();
            Type type = known.get(entry.getKey());
            if (type == null) {
                throw new ConfigurationProblem(ConfigurationMistake.unknownKey(key, entry.getKey(), known.keySet()));
            }
            if (type instanceof Class<?> record && record.isRecord()) {
                checkRecord(key, entry.getValue(), record);
            }
        }
    }

    private static void checkRecord(String key, JsonNode value, Class<?> type) {
        Map<String, Type> known = new LinkedHashMap<>();
        Arrays.stream(type.getRecordComponents())
                .forEach(component -> known.put(component.getName(), elementType(component)));
        if (value.isArray()) {
            for (int i = 0; i < value.size(); i++) {
                check(key + "[" + i + "].", value.get(i), known);
            }
        } else {
            check(key + ".", value, known);
        }
    }

    private static Type elementType(RecordComponent component) {
        return component.getGenericType() instanceof ParameterizedType ? Object.class : component.getType();
    }
}
