// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.config;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The console at {@code /console/} on the application port, and the paths of the API that it needs.
 *
 * @param enabled whether they are served
 * @param peers {@code host:port} of the application ports of the other replicas; a name stands for all its addresses
 * @param links where the page leads to
 */
public record ConsoleConfig(boolean enabled, List<String> peers, Links links) {

    static final ConsoleConfig DEFAULT = new ConsoleConfig(null, null, null);

    private static final int MOST_PEERS = 32;

    /**
     * Addresses outside the relay.
     *
     * @param runbook base of the runbooks, to which {@code operations.md#…} is appended
     * @param grafana the dashboard
     */
    public record Links(@Nullable String runbook, @Nullable String grafana) {

        static final Links NONE = new Links(null, null);

        public Links {
            checkWeb("console.links.runbook", runbook);
            checkWeb("console.links.grafana", grafana);
        }
    }

    public ConsoleConfig {
        if (peers.size() > MOST_PEERS) {
            throw new ConfigurationProblem("console.peers has " + peers.size() + " entries; it may have " + MOST_PEERS);
        }
        peers.forEach(ConsoleConfig::checkPeer);
    }

    @JsonCreator
    public ConsoleConfig(@Nullable Boolean enabled, @Nullable List<String> peers, @Nullable Links links) {
        this(enabled != null && enabled, Checks.entries("console.peers", peers), links == null ? Links.NONE : links);
    }

    private static void checkPeer(String peer) {
        URI uri;
        try {
            uri = URI.create("http://" + peer);
        } catch (IllegalArgumentException e) {
            throw notAPeer(peer);
        }
        boolean isHostAndPort = uri.getHost() != null
                && uri.getPort() > 0
                && ("http://" + peer).equals("http://" + uri.getAuthority())
                && uri.getUserInfo() == null;
        if (!isHostAndPort) {
            throw notAPeer(peer);
        }
    }

    private static ConfigurationProblem notAPeer(String peer) {
        return new ConfigurationProblem(
                "console.peers '" + peer + "' is not host:port; write for example tidemark-headless:8080");
    }

    private static void checkWeb(String key, @Nullable String url) {
        if (url == null) {
            return;
        }
        try {
            String scheme = URI.create(url).getScheme();
            if ("https".equals(scheme) || "http".equals(scheme)) {
                return;
            }
        } catch (IllegalArgumentException e) { // reported below
        }
        throw new ConfigurationProblem(
                key + " '" + url + "' is not a web address; it must begin with https:// or http://");
    }
}
