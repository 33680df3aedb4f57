// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cli;

import io.tidemark.relay.client.CannotAsk;
import io.tidemark.relay.client.ClientTls;
import io.tidemark.relay.client.RelayClient;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The relays that a command asks, and the credentials for them. */
final class RelayOptions {

    @Option(
            names = "--url",
            paramLabel = "URL",
            defaultValue = "http://127.0.0.1:8080",
            converter = OptionValues.RelayUrl.class,
            description = {"A relay's application port; repeat it for each replica.", "Default: ${DEFAULT-VALUE}"})
    private List<URI> urls = List.of();

    @Option(
            names = "--bearer-token-file",
            paramLabel = "FILE",
            description = "File whose first line is the bearer token. Needed if the relays set http.bearerTokenFile.")
    private @Nullable Path bearerTokenFile;

    @Option(
            names = "--ca-file",
            paramLabel = "FILE",
            description = "PEM certificates to trust for https. Default: those of the JVM.")
    private @Nullable Path caFile;

    @Option(
            names = "--cert-file",
            paramLabel = "FILE",
            description = "PEM client certificate, if the relays require one. Needs --key-file.")
    private @Nullable Path certFile;

    @Option(
            names = "--key-file",
            paramLabel = "FILE",
            description = "PEM key of the client certificate (PKCS#8, not encrypted).")
    private @Nullable Path keyFile;

    @Option(
            names = "--each-address",
            description = "Ask every address of the host name in --url, for example of a headless Service.")
    private boolean eachAddress;

    List<URI> urls() throws CannotAsk {
        if (!eachAddress) {
            return urls;
        }
        List<URI> addresses = new ArrayList<>();
        for (URI url : urls) {
            addresses.addAll(addressesOf(url));
        }
        return addresses;
    }

    private static List<URI> addressesOf(URI url) throws CannotAsk {
        if (!"http".equals(url.getScheme())) {
            throw new CannotAsk("--each-address works only with http, because certificates are for names, not"
                    + " addresses;"
                    + " instead of " + url + ", give the name of each replica with --url");
        }
        try {
            List<URI> addresses = new ArrayList<>();
            for (InetAddress address : InetAddress.getAllByName(url.getHost())) {
                String host = address instanceof Inet6Address
                        ? "[" + address.getHostAddress().replaceFirst("%.*", "") + "]"
                        : address.getHostAddress();
                addresses.add(URI.create(
                        "http://" + host + (url.getPort() < 0 ? "" : ":" + url.getPort()) + url.getRawPath()));
            }
            return addresses;
        } catch (UnknownHostException e) {
            throw new CannotAsk("--url " + url + ": the host name cannot be resolved");
        }
    }

    RelayClient client() throws CannotAsk {
        return new RelayClient(Optional.ofNullable(bearerTokenFile), new ClientTls(caFile, certFile, keyFile));
    }
}
