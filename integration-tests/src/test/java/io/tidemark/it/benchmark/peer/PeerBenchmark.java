// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.benchmark.peer;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.it.benchmark.peer.PeerRun.Load;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Tidemark and its peers on the same servers in one run, round by round, so that a noisy moment hits all of them.
 * {@code integration-tests/peers/run} starts it. Prints the medians as Markdown, and writes every value as JSON to
 * {@code target/peers.json}. Settings, as {@code -Dpeers.…}: {@code events}, {@code rows} in each transaction,
 * {@code payload} bytes, {@code rate}, {@code seconds}, {@code rounds}, {@code only} (a part of a name).
 */
class PeerBenchmark {

    private static final Load LOAD = new Load(
            Integer.getInteger("peers.events", 500_000),
            Integer.getInteger("peers.rows", 1),
            Integer.getInteger("peers.payload", 500),
            Integer.getInteger("peers.rate", 200),
            Duration.ofSeconds(Integer.getInteger("peers.seconds", 30)));
    private static final int ROUNDS = Integer.getInteger("peers.rounds", 3);
    private static final String ONLY = System.getProperty("peers.only", "");
    private static final String CONNECT = System.getProperty("peers.connect", "");

    private static List<Peer> peers() {
        List<Peer> peers = new ArrayList<>(TidemarkPeer.all());
        peers.add(new CountingEngine());
        peers.addAll(PollingRelay.both());
        if (!CONNECT.isEmpty()) {
            peers.add(new ConnectWorker(Path.of(CONNECT)));
        }
        peers.removeIf(peer -> !peer.name().contains(ONLY));
        return peers;
    }

    @Test
    void besideItsPeers() throws Exception {
        Figures figures = new Figures();
        if (CONNECT.isEmpty()) {
            System.out.println("PeerBenchmark: without Kafka Connect; integration-tests/peers/run fetches its jars");
        }
        for (int round = 1; round <= ROUNDS; round++) {
            for (Peer peer : peers()) {
                System.out.printf("PeerBenchmark: round %d of %d, %s%n", round, ROUNDS, peer.name());
                new PeerRun(peer, LOAD, figures).measure();
            }
        }
        System.out.printf("PeerBenchmark: %s, medians of %d%n%n%s%n", LOAD, ROUNDS, figures.markdown());
        Files.writeString(
                Path.of("target", "peers.json"),
                new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(figures.all()));
    }
}
