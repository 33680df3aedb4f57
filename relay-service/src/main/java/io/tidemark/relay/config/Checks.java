// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.config;

import io.dropwizard.util.DataSize;
import io.dropwizard.util.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Checks that several of the records use. */
final class Checks {

    private Checks() {}

    static String required(String key, @Nullable String value) {
        if (value == null || value.isBlank()) {
            throw new ConfigurationProblem(key + " is missing; it has no default");
        }
        return value;
    }

    /** An empty list if the list is absent. A stray dash or comma in YAML is a null entry. */
    static <T> List<T> entries(String key, @Nullable List<T> values) {
        if (values == null) {
            return List.of();
        }
        if (values.stream().anyMatch(Objects::isNull)) {
            throw new ConfigurationProblem(key + " has an empty entry; remove it");
        }
        return List.copyOf(values);
    }

    static int atLeastOne(String key, @Nullable Integer value, int otherwise) {
        int result = value == null ? otherwise : value;
        if (result < 1) {
            throw new ConfigurationProblem(key + " is " + result + "; it must be 1 or more");
        }
        return result;
    }

    static Duration positive(String key, @Nullable Duration value, Duration otherwise) {
        Duration result = value == null ? otherwise : value;
        if (result.toMilliseconds() < 1) {
            throw new ConfigurationProblem(key + " is " + result + "; it must be a millisecond or more");
        }
        return result;
    }

    static DataSize between(String key, @Nullable DataSize value, DataSize otherwise, DataSize least, DataSize most) {
        DataSize result = value == null ? otherwise : value;
        if (result.toBytes() < least.toBytes() || result.toBytes() > most.toBytes()) {
            throw new ConfigurationProblem(key + " is " + result + "; it must be from " + least + " to " + most);
        }
        return result;
    }
}
