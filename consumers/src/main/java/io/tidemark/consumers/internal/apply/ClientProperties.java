// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.apply;

import java.util.HashMap;
import java.util.Map;

/** The properties of the consumer that a runner's other Kafka clients use. Stateless. */
final class ClientProperties {

    private ClientProperties() {}

    /** The properties of the consumer that another client also has: addresses, security, timeouts. */
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
