package io.tidemark.relay.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

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
    void leavesOneHostAsItIs() {
        PostgresConfig config = config("jdbc:postgresql://db.example.com/shop");

        assertThat(config.at("10.0.0.7", 5432)).isSameAs(config);
    }

    private static PostgresConfig config(String url) {
        return new PostgresConfig(url, "tidemark_relay", "secret", null, null, null, null);
    }
}
