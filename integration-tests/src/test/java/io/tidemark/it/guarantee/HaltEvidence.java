// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.guarantee;

import io.tidemark.it.harness.ReadEvent;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.Tokens;
import io.tidemark.relay.health.RelayState.Phase;
import io.tidemark.relay.watermark.Answer;
import java.sql.Connection;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A relay that has halted.
 *
 * @param reason the reason that it reports
 * @param readable ids of the readable events once it had halted
 * @param readableLater the same, one second after a request for a new token
 * @param answer the answer for that token
 */
public record HaltEvidence(String reason, List<String> readable, List<String> readableLater, Answer answer) {

    private static final int WAIT_MILLIS = 1000;

    /** Waits until the relay halts, for at most a minute. */
    public static HaltEvidence gather(TestSource source, RunningRelay relay) throws Exception {
        String reason = String.valueOf(relay.awaitPhase(Phase.HALTED).reason());
        List<String> readable = readable(source);
        Token now;
        try (Connection connection = source.connect()) {
            now = Tokens.current(connection);
        }
        Answer answer = relay.relay().watermarks().ask("view", now, WAIT_MILLIS).get(60, TimeUnit.SECONDS);
        return new HaltEvidence(reason, readable, readable(source), answer);
    }

    private static List<String> readable(TestSource source) {
        return TopicReader.readAll(source.servers(), source.name() + ".").stream()
                .map(ReadEvent::id)
                .toList();
    }
}
