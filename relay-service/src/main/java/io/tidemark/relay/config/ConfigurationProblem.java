// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.config;

/** The configuration cannot be used. The message names the key, what is wrong with its value, and the fix. */
public final class ConfigurationProblem extends RuntimeException {

    public ConfigurationProblem(String message) {
        super(message);
    }

    public ConfigurationProblem(String message, Throwable cause) {
        super(message, cause);
    }
}
