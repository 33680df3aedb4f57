// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.config;

import org.jspecify.annotations.Nullable;

/**
 * A physical standby of the source database that clients read from.
 *
 * @param name used in the URL of its watermark; letters, digits, dots, dashes and underscores
 * @param url {@code jdbc:postgresql://host:port/database?…}, of one server; user and password are those of
 *     {@code postgres}
 */
public record ReplicaConfig(String name, String url) {

    private static final String NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,99}";

    public ReplicaConfig(@Nullable String name, @Nullable String url) {
        this.name = Checks.required("postgres.replicas.name", name);
        this.url = Checks.required("postgres.replicas.url", url);
        if (!this.name.matches(NAME)) {
            throw new ConfigurationProblem("postgres.replicas.name '" + name
                    + "' is not a name; use up to 100 letters, digits, dots, dashes and underscores");
        }
        PostgresConfig.checkUrl("postgres.replicas." + this.name + ".url", this.url);
        if (PostgresConfig.namesSeveralHosts(this.url)) {
            throw new ConfigurationProblem("postgres.replicas." + this.name
                    + ".url names several hosts; name one, as an answer is about one server");
        }
    }

    /** Without the URL's parameters. */
    @Override
    public String toString() {
        return name + "@" + url.replaceFirst("\\?.*", "");
    }
}
