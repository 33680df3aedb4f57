package io.tidemark.quickstart.stack;

/**
 * A listener of a broker that is told to its clients under another port, on loopback: that of a proxy, through which
 * then everything goes, also to brokers that a client has only heard of.
 *
 * @param name in capitals, as Kafka's settings have it; the same on all brokers
 * @param port where the broker listens
 * @param advertisedPort what it tells its clients
 * @param protocol one of Kafka's security protocols, for example {@code SASL_SSL}
 */
public record KafkaListener(String name, int port, int advertisedPort, String protocol) {

    /** One without encryption and authentication. */
    public KafkaListener(String name, int port, int advertisedPort) {
        this(name, port, advertisedPort, "PLAINTEXT");
    }
}
