// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PostgresConfigTest {

    @Test
    void takesSeveralHostsOfWhichOneIsThePrimary() {
        PostgresConfig config = config("jdbc:postgresql://a,b:6432/shop?targetServerType=primary&sslmode=require");

        assertThat(config.database()).isEqualTo("shop");
        assertThat(config.at("b", 6432))
                .isEqualTo(config("jdbc:postgresql://b:6432/shop?targetServerType=primary&sslmode=require"));
        assertThat(config.at("[::1]", 5432).urlProperties())
                .containsEntry("PGHOST", "[::1]")
                .containsEntry("PGPORT", "5432")
                .containsEntry("PGDBNAME", "shop");
    }

    @Test
    void leavesOneHostUnchanged() {
        PostgresConfig config = config("jdbc:postgresql://db.example.com/shop");

        assertThat(config.at("10.0.0.7", 5432)).isSameAs(config);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Tide_Pub", "a,b", "a b", "1x", "é", "tidemark ", "\"a\"", ""})
    void refusesPublicationNamesThatPgoutputReadsAsAnother(String name) {
        assertThatThrownBy(() -> new PostgresConfig(
                        "jdbc:postgresql://db.example.com/shop", "tidemark_relay", null, null, null, name, null))
                .isInstanceOf(ConfigurationProblem.class)
                .hasMessageContaining("postgres.publication '" + name + "'");
    }

    private static PostgresConfig config(String url) {
        return new PostgresConfig(url, "tidemark_relay", "secret", null, null, null, null);
    }
}
