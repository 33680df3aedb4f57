// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.relay.config.ConsoleConfig.Links;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConsoleConfigTest {

    @Test
    void isOffWithoutPeersByDefault() {
        assertThat(ConsoleConfig.DEFAULT.enabled()).isFalse();
        assertThat(ConsoleConfig.DEFAULT.peers()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"relay:8080", "10.0.0.1:80", "[::1]:8080", "tidemark-replicas.shop.svc:8080"})
    void acceptsHostAndPort(String peer) {
        assertThat(new ConsoleConfig(true, List.of(peer), Links.NONE).peers()).containsExactly(peer);
    }

    @ParameterizedTest
    @ValueSource(strings = {"relay", "relay:", "http://relay:8080", "relay:8080/console", "user@relay:8080", "a b:1"})
    void refusesWhatIsNotHostAndPort(String peer) {
        assertThatThrownBy(() -> new ConsoleConfig(true, List.of(peer), Links.NONE))
                .isInstanceOf(ConfigurationProblem.class)
                .hasMessageContaining("console.peers '" + peer + "' is not host:port");
    }

    @Test
    void refusesMorePeersThanItWouldAsk() {
        assertThatThrownBy(() -> new ConsoleConfig(true, Collections.nCopies(33, "relay:8080"), Links.NONE))
                .isInstanceOf(ConfigurationProblem.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"javascript:alert(1)", "data:text/html,x", "docs/", "http ://x"})
    void refusesLinksThatAreNotWebAddresses(String link) {
        assertThatThrownBy(() -> new Links(link, null))
                .isInstanceOf(ConfigurationProblem.class)
                .hasMessageContaining("console.links.runbook '" + link + "' is not a web address");
        assertThatThrownBy(() -> new Links(null, link)).isInstanceOf(ConfigurationProblem.class);
    }
}
