// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.config;

import io.tidemark.relay.reason.Reason;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How to reach Kafka.
 *
 * @param bootstrapServers {@code host:port}, several separated by commas
 * @param properties for all of the relay's clients (security, timeouts); properties on which the guarantees depend are
 *     rejected
 * @param propertiesFile further properties that are secret, in a file of Java properties, in UTF-8; read again for
 *     every client, so that it may change. Only {@code security.*}, {@code sasl.*} and {@code ssl.*}; null for none.
 * @param topics how topics are created
 */
public record KafkaConfig(
        String bootstrapServers,
        Map<String, String> properties,
        @Nullable String propertiesFile,
        TopicsConfig topics) {

    /**
     * Timeout after which another broker is asked. Kafka's default of 30 seconds is meant for brokers that are slow,
     * not silent.
     */
    private static final int SILENCE_MILLIS = 5_000;

    private static final String ANSWER_MILLIS = "default.api.timeout.ms";

    /** Properties on which exactly-once delivery depends, or which the relay must set itself. */
    private static final Set<String> OURS = Set.of(
            "acks",
            "enable.idempotence",
            "transactional.id",
            "bootstrap.servers",
            "key.serializer",
            "value.serializer",
            "key.deserializer",
            "value.deserializer",
            "max.in.flight.requests.per.connection",
            "retries",
            "isolation.level",
            "group.id",
            "enable.auto.commit",
            "partitioner.class",
            "partitioner.ignore.keys");

    private static final Pattern KEY = Pattern.compile("[a-z]+(\\.[a-z]+)+");
    private static final Pattern SECURITY = Pattern.compile("(security|sasl|ssl)\\..+");

    public KafkaConfig(
            @Nullable String bootstrapServers,
            @Nullable Map<String, String> properties,
            @Nullable String propertiesFile,
            @Nullable TopicsConfig topics) {
        this.bootstrapServers = Checks.required("kafka.bootstrapServers", bootstrapServers);
        this.properties = properties == null ? Map.of() : Map.copyOf(withValues(properties));
        this.propertiesFile = propertiesFile;
        this.topics = topics == null ? TopicsConfig.DEFAULT : topics;
        Set<String> refused = new TreeSet<>(this.properties.keySet());
        refused.retainAll(OURS);
        if (!refused.isEmpty()) {
            throw new ConfigurationProblem("kafka.properties may not set " + String.join(", ", refused)
                    + ": the relay sets them itself, exactly-once delivery rests on them; remove them");
        }
    }

    /**
     * The initial properties of a client. Users cannot change properties that the caller adds afterwards.
     *
     * @param defaults which users may change
     * @throws ConfigurationProblem if the file cannot be used at the moment
     */
    public Map<String, Object> client(String clientId, Map<String, ?> defaults) {
        Map<String, Object> client = new HashMap<>();
        client.put("request.timeout.ms", SILENCE_MILLIS);
        client.putAll(defaults);
        client.putAll(properties);
        client.putAll(readFile());
        if (properties.containsKey("request.timeout.ms") && !properties.containsKey(ANSWER_MILLIS)) {
            client.computeIfPresent(ANSWER_MILLIS, (name, ours) -> atLeast(properties.get("request.timeout.ms"), ours));
        }
        client.put("bootstrap.servers", bootstrapServers);
        client.put("client.id", clientId);
        return client;
    }

    /** The beginning of a Kafka command that a person may paste. */
    public String tool(String name) {
        return name + " --bootstrap-server " + bootstrapServers
                + (properties.containsKey("security.protocol") ? " --command-config FILE" : "");
    }

    private Map<String, String> readFile() {
        if (propertiesFile == null) {
            return Map.of();
        }
        Properties read = new Properties();
        try (Reader file = Files.newBufferedReader(Path.of(propertiesFile))) {
            read.load(file);
        } catch (IOException | IllegalArgumentException e) { // also thrown for a malformed escape
            throw new ConfigurationProblem(
                    "kafka.propertiesFile " + propertiesFile + " cannot be read: " + Reason.of(e), e);
        }
        Map<String, String> known = new HashMap<>();
        for (String name : read.stringPropertyNames()) {
            if (!SECURITY.matcher(name).matches()) {
                String what = KEY.matcher(name).matches() // otherwise perhaps a secret, alone in the file
                        ? "sets " + name + ": it may set security.*, sasl.* and ssl.* only; move it to kafka.properties"
                        : "has a line that sets none of security.*, sasl.* and ssl.*; write it as sasl.jaas.config=…";
                throw new ConfigurationProblem("kafka.propertiesFile " + propertiesFile + " " + what);
            }
            known.put(name, read.getProperty(name));
        }
        return known;
    }

    /**
     * Kafka's admin client rejects a timeout for an answer that is lower than the one for a request. Leaves it to the
     * client to reject a value that is not a number.
     */
    private static Object atLeast(@Nullable String request, Object answer) {
        boolean isLonger = request != null
                && request.matches("[0-9]{1,9}")
                && Integer.parseInt(request) > Integer.parseInt(answer.toString());
        return isLonger && request != null ? request : answer;
    }

    private static Map<String, String> withValues(Map<String, String> properties) {
        properties.forEach((name, value) -> {
            if (value == null) {
                throw new ConfigurationProblem(
                        "kafka.properties." + name + " has no value; give it one, or \"\" for an empty one");
            }
        });
        return properties;
    }

    /** Only the names of the properties: the values may be secrets. */
    @Override
    public String toString() {
        return bootstrapServers + " " + properties.keySet();
    }
}
