// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.stack;

/**
 * A listener that a broker advertises with another port on loopback: the port of a proxy. So clients connect to every
 * broker through the proxy, also to brokers that they learn from metadata.
 *
 * @param name in capitals, as in Kafka's settings; the same on all brokers
 * @param port the port where the broker listens
 * @param advertisedPort the port that it advertises to clients
 * @param protocol one of Kafka's security protocols, for example {@code SASL_SSL}
 */
public record KafkaListener(String name, int port, int advertisedPort, String protocol) {

    /** A listener without encryption and authentication. */
    public KafkaListener(String name, int port, int advertisedPort) {
        this(name, port, advertisedPort, "PLAINTEXT");
    }
}
