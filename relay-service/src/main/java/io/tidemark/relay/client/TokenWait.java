package io.tidemark.relay.client;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemark.outbox.Token;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Waits until a projection has caught up with a token, whichever replica says so: one that does not know, has too many
 * waiters, or is away is passed over, again and again until the time is over. What no waiting changes ends it at once.
 */
public final class TokenWait {

    /** A relay says that the wait is over only when it is. */
    private static final Duration BEYOND_THE_WAIT = Duration.ofSeconds(10);

    private static final long PAUSE_MILLIS = 200;

    private final RelayClient client;
    private final List<URI> relays;

    /** @param relays in the order to ask; at least one */
    public TokenWait(RelayClient client, List<URI> relays) {
        this.client = client;
        this.relays = List.copyOf(relays);
    }

    /** How it ended. */
    public sealed interface Outcome {

        /** A relay has decided: {@code success}, or what no waiting changes. */
        record Decided(URI relay, JsonNode answer) implements Outcome {}

        /**
         * The time is over.
         *
         * @param answer the last that a relay gave; empty when none could tell
         * @param reason for a person
         */
        record TimedOut(Optional<JsonNode> answer, String reason) implements Outcome {}

        /** A relay turned the request away, or none could be reached; the message says why. */
        record Impossible(String message) implements Outcome {}
    }

    public Outcome await(String projection, Token token, Duration timeout) throws InterruptedException {
        String path =
                "/v1/projections/" + encoded(projection) + "/watermark?token=" + encoded(token.toString()) + "&wait=";
        long deadline = System.nanoTime() + timeout.toNanos();
        Optional<JsonNode> last = Optional.empty();
        boolean reached = false;
        String reason = "";
        long pauseMillis = 0;
        for (int turn = 0; ; turn++) {
            URI relay = relays.get(turn % relays.size());
            Duration left = Duration.ofMillis(Math.max(0, millisUntil(deadline)));
            RelayReply reply = client.get(relay, path + left.toMillis() + "ms", left.plus(BEYOND_THE_WAIT));
            if (reply instanceof RelayReply.Answer answer && reply.isOk()) {
                if (!answer.body().path("status").asText().equals("timeout")) {
                    return new Outcome.Decided(relay, answer.body());
                }
                reached = true;
                last = Optional.of(answer.body());
                reason = "";
            } else if (reply instanceof RelayReply.Answer answer && !answer.isForLater()) {
                return new Outcome.Impossible(relay + ": " + reply.reason());
            } else {
                reached |= reply instanceof RelayReply.Answer;
                reason = relay + ": " + reply.reason();
                pauseMillis = Math.max(pauseMillis, pauseMillis(reply));
            }
            if (millisUntil(deadline) <= 0) {
                return reached ? new Outcome.TimedOut(last, reason) : new Outcome.Impossible(reason);
            }
            if ((turn + 1) % relays.size() == 0) { // all have been asked
                TimeUnit.MILLISECONDS.sleep(Math.min(pauseMillis, Math.max(0, millisUntil(deadline))));
                pauseMillis = 0;
            }
        }
    }

    private static long pauseMillis(RelayReply reply) {
        return Math.max(PAUSE_MILLIS, reply instanceof RelayReply.Answer answer ? answer.retryAfterMillis() : 0);
    }

    private static long millisUntil(long deadline) {
        return TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
