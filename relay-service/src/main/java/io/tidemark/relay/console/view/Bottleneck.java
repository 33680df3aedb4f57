// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.console.view;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.outbox.Lsn;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * The step of the pipeline that holds events up most.
 *
 * @param step {@code none}, {@code unknown}, {@code sent}, {@code captured}, {@code published}, or the name of a
 *     projection behind {@code projection:}
 * @param owner who holds it up: Postgres, network, relay, Kafka or consumer; empty if none does
 */
record Bottleneck(String step, String owner, String sentence) {

    private static final double WORTH_SECONDS = 2;

    static Bottleneck of(Deployment deployment) {
        ReplicaReply best = deployment.best();
        if (deployment.active().isEmpty()) {
            return deployment.inState("halted").isPresent()
                            || deployment.inState("retrying").isPresent()
                    ? new Bottleneck("published", "relay", "The relay does not publish. The sentence above says why.")
                    : new Bottleneck("unknown", "", "No active replica was asked, so the slowest step is not known.");
        }
        OptionalDouble publish = best.publishLagSeconds(deployment.atMillis());
        OptionalDouble capture = best.captureLagSeconds(deployment.atMillis());
        double captureSeconds = capture.orElse(0);
        double publishSeconds = Math.max(0, publish.orElse(0) - captureSeconds);
        Optional<JsonNode> slowest =
                deployment.projections().stream().max((a, b) -> Double.compare(behindSeconds(a), behindSeconds(b)));
        double consumerSeconds = slowest.map(Bottleneck::behindSeconds).orElse(0.0);
        if (consumerSeconds >= WORTH_SECONDS && consumerSeconds >= Math.max(captureSeconds, publishSeconds)) {
            return ofConsumer(slowest.orElseThrow());
        }
        if (publish.isEmpty() || capture.isEmpty()) {
            return new Bottleneck("unknown", "", "How far each step is behind is not known yet.");
        }
        if (Math.max(captureSeconds, publishSeconds) < WORTH_SECONDS) {
            return deployment.knowingProjections().isPresent()
                    ? new Bottleneck("none", "", "Nothing holds events up.")
                    : new Bottleneck(
                            "unknown",
                            "",
                            "Nothing holds events up on their way to Kafka. How far the projections are is not known.");
        }
        return captureSeconds >= publishSeconds ? ofCapture(best) : ofKafka();
    }

    private static double behindSeconds(JsonNode projection) {
        boolean isStuck = projection.path("state").asText().matches("stalled|stopped|rebuilding");
        double seconds = projection.path("lagSeconds").asDouble(0);
        return isStuck ? Math.max(seconds, projection.path("stateSeconds").asDouble(0) + WORTH_SECONDS) : seconds;
    }

    private static Bottleneck ofConsumer(JsonNode projection) {
        String name = projection.path("projection").asText();
        String why = projection.path("reason").asText("");
        return new Bottleneck(
                "projection:" + name,
                "consumer",
                "The consumers of " + name + " are the slowest step"
                        + (why.isEmpty() ? ": their group has not committed what is in Kafka." : ": " + why));
    }

    private static Bottleneck ofCapture(ReplicaReply best) {
        JsonNode source = best.source().orElseThrow();
        if (source.path("sentLsn").isTextual() && source.path("walHead").isTextual()) {
            long unsent = distance(source, "walHead", "sentLsn");
            long unread = distance(source, "sentLsn", "captured");
            return unsent >= unread
                    ? new Bottleneck(
                            "sent",
                            "Postgres",
                            "Postgres has not sent the end of its WAL yet: it decodes a large transaction, waits for one"
                                    + " that is open, or the relay takes no more.")
                    : new Bottleneck(
                            "captured",
                            "network",
                            "Postgres has sent what the relay has not read yet: the network is slow, or the relay is"
                                    + " full because a later step is.");
        }
        return new Bottleneck("captured", "Postgres", "The relay has not received the end of the WAL yet.");
    }

    private static long distance(JsonNode source, String ahead, String behind) {
        Lsn end = Lsn.parse(source.path(ahead).asText());
        Lsn start = Lsn.parse(source.path(behind).asText());
        return end.isAfter(start) ? end.value() - start.value() : 0;
    }

    private static Bottleneck ofKafka() {
        return new Bottleneck(
                "published",
                "Kafka",
                "The relay has read events that Kafka has not committed yet: Kafka is slow, or the relay has more to"
                        + " publish than it can.");
    }

    ObjectNode json() {
        return JsonNodeFactory.instance
                .objectNode()
                .put("step", step)
                .put("owner", owner)
                .put("sentence", sentence);
    }
}
