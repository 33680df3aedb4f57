// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.client;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemark.outbox.WatermarkStatus;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Waits until a projection has caught up with a token, with now, or to within a bound. Any replica may answer. A replica
 * that does not know, has too many waiters, rejects the question, or is unreachable is skipped; the replicas are asked in
 * turn until the timeout. An answer that waiting cannot change is returned immediately, and so is a rejection by all.
 */
public final class TokenWait {

    /** Extra time for a relay's answer, which arrives only after its wait has ended. */
    private static final Duration BEYOND_THE_WAIT = Duration.ofSeconds(10);

    private static final long PAUSE_MILLIS = 200;
    private static final String NOW = ofToken("now");

    private final RelayClient client;
    private final List<URI> relays;

    /** @param relays at least one, asked in this order */
    public TokenWait(RelayClient client, List<URI> relays) {
        this.client = client;
        this.relays = List.copyOf(relays);
    }

    /** The result of the wait. */
    public sealed interface Outcome {

        /** A relay answered {@code success}, or a status that waiting does not change. */
        record Decided(URI relay, JsonNode answer) implements Outcome {}

        /**
         * The timeout expired.
         *
         * @param answer the last answer of a relay; empty if no relay could answer
         * @param reason for people
         */
        record TimedOut(Optional<JsonNode> answer, String reason) implements Outcome {}

        /** All relays rejected the request, or none could be reached. The message has the reason. */
        record Impossible(String message) implements Outcome {}
    }

    /**
     * Waits.
     *
     * @param question {@code token=…} or {@code maxStaleness=…}; {@code token=now} means the moment at which a relay
     *     first answers
     */
    public Outcome await(String projection, String question, Duration timeout) throws InterruptedException {
        String path = "/v1/projections/" + encoded(projection) + "/watermark?";
        String asked = question;
        long deadline = System.nanoTime() + timeout.toNanos();
        Optional<JsonNode> last = Optional.empty();
        boolean reached = false;
        Map<URI, String> rejections = new LinkedHashMap<>();
        String reason = "";
        long pauseMillis = 0;
        for (int turn = 0; ; turn++) {
            URI relay = relays.get(turn % relays.size());
            Duration left = Duration.ofMillis(Math.max(0, millisUntil(deadline)));
            RelayReply reply = client.get(
                    relay, path + asked + "&wait=" + left.toMillis() + "ms&strict=false", left.plus(BEYOND_THE_WAIT));
            if (reply instanceof RelayReply.Answer answer && reply.isOk() && isKnown(answer.body())) {
                rejections.remove(relay);
                if (!answer.body().path("status").asText().equals("timeout")) {
                    return new Outcome.Decided(relay, answer.body());
                }
                reached = true;
                last = Optional.of(answer.body());
                if (asked.equals(NOW) && answer.body().path("token").isTextual()) {
                    asked = ofToken(answer.body().path("token").textValue());
                }
                reason = "";
            } else if (reply instanceof RelayReply.Answer answer && !answer.isForLater()) {
                // during an upgrade or a rotation, one replica may know what another does not know yet
                reason = relay + ": " + (reply.isOk() ? "its answer has no known status" : reply.reason());
                rejections.put(relay, reason);
                if (rejections.size() == relays.size()) {
                    return new Outcome.Impossible(String.join("; ", rejections.values()));
                }
                pauseMillis = Math.max(pauseMillis, PAUSE_MILLIS);
            } else {
                reached |= reply instanceof RelayReply.Answer;
                reason = relay + ": " + reply.reason();
                pauseMillis = Math.max(pauseMillis, pauseMillis(reply));
            }
            boolean areAllAsked = turn + 1 >= relays.size();
            if (millisUntil(deadline) <= 0 && (last.isPresent() || areAllAsked)) {
                return reached ? new Outcome.TimedOut(last, reason) : new Outcome.Impossible(reason);
            }
            if ((turn + 1) % relays.size() == 0) { // all relays have been asked
                TimeUnit.MILLISECONDS.sleep(Math.min(pauseMillis, Math.max(0, millisUntil(deadline))));
                pauseMillis = 0;
            }
        }
    }

    private static boolean isKnown(JsonNode answer) {
        return WatermarkStatus.parse(answer.path("status").asText()).isPresent();
    }

    /** The question about a token, or about {@code now}. */
    public static String ofToken(String token) {
        return "token=" + encoded(token);
    }

    /** The question whether the projection is at most so far behind. */
    public static String within(Duration maxStaleness) {
        return "maxStaleness=" + maxStaleness.toMillis() + "ms";
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
