package io.tidemark.relay.config;

import io.dropwizard.util.DataSize;
import io.dropwizard.util.Duration;
import org.jspecify.annotations.Nullable;

/** The checks that several of the records make. */
final class Checks {

    private Checks() {}

    static String required(String key, @Nullable String value) {
        if (value == null || value.isBlank()) {
            throw new ConfigurationProblem(key + " is missing; it has no default");
        }
        return value;
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
