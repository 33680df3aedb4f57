package io.tidemark.consumers.internal.apply;

import java.util.HashMap;
import java.util.Map;

/** What a runner's other Kafka clients take over from the properties of its consumer. Stateless. */
final class ClientProperties {

    private ClientProperties() {}

    /** Those of the consumer's properties that another client knows too: addresses, security, timeouts. */
    static Map<String, Object> known(Map<String, Object> kafka, Iterable<String> names) {
        Map<String, Object> properties = new HashMap<>();
        for (String name : names) {
            Object value = kafka.get(name);
            if (value != null && !name.equals("interceptor.classes")) {
                properties.put(name, value);
            }
        }
        return properties;
    }
}
