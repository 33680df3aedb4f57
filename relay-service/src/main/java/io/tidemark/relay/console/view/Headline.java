// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.console.view;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** The one sentence above every page: whether events flow, and if not, why. */
record Headline(Level level, String sentence) {

    private static final double WORRY_SECONDS = 20;

    /**
     * The sentence.
     *
     * @param findings worst first; the worst one is part of the sentence if events flow
     * @param freshSeconds since when everything committed is in Kafka
     */
    static Headline of(Deployment deployment, List<Finding> findings, OptionalDouble freshSeconds) {
        Headline flow = flow(deployment, freshSeconds);
        if (findings.isEmpty() || flow.level == Level.BAD || deployment.active().isEmpty()) {
            return flow;
        }
        Finding worst = findings.get(0);
        String more = findings.size() == 1 ? "" : " (and " + (findings.size() - 1) + " more)";
        return new Headline(flow.level.orWorse(worst.level()), flow.sentence + " But " + worst.sentence() + more + ".");
    }

    private static Headline flow(Deployment deployment, OptionalDouble freshSeconds) {
        Optional<ReplicaReply> active = deployment.active();
        if (active.isPresent()) {
            return ofActive(active.get(), freshSeconds);
        }
        for (String state : List.of("halted", "retrying", "starting")) {
            Optional<ReplicaReply> replica = deployment.inState(state);
            if (replica.isPresent()) {
                return ofStopped(state, replica.get().reason());
            }
        }
        if (deployment.best().source().isEmpty()) {
            return new Headline(Level.UNKNOWN, "No replica answers.");
        }
        boolean isUsed = deployment.best().source().get().at("/slot/active").asBoolean();
        return isUsed
                ? new Headline(
                        Level.UNKNOWN,
                        "Standing by. Another replica streams from the slot; it is not among those asked, so what it"
                                + " has published is not known here.")
                : new Headline(Level.BAD, "Nothing is published: all replicas stand by, and nothing uses the slot.");
    }

    private static Headline ofStopped(String state, String reason) {
        return switch (state) {
            case "halted" -> new Headline(Level.BAD, "Halted. Nothing is published: " + reason);
            case "retrying" -> new Headline(Level.BAD, "Not publishing, and trying again: " + reason);
            default -> new Headline(Level.WARNING, "Starting: " + reason);
        };
    }

    private static Headline ofActive(ReplicaReply active, OptionalDouble fresh) {
        if (!active.reason().isEmpty()) {
            return new Headline(Level.BAD, "Active, but publishing nothing: " + active.reason());
        }
        if (active.databaseError().isPresent()) {
            return new Headline(
                    Level.BAD,
                    "Active, but Postgres does not answer: "
                            + active.databaseError().get());
        }
        if (fresh.isEmpty()) {
            return new Headline(Level.UNKNOWN, "Publishing. How far Kafka is behind is not known yet.");
        }
        long seconds = Math.max(1, (long) Math.ceil(fresh.getAsDouble()));
        return fresh.getAsDouble() <= WORRY_SECONDS
                ? new Headline(Level.FINE, "Publishing. Everything committed up to " + seconds + " s ago is in Kafka.")
                : new Headline(
                        Level.WARNING,
                        "Publishing, but behind: only what was committed up to " + seconds + " s ago is in Kafka.");
    }

    ObjectNode json() {
        return JsonNodeFactory.instance.objectNode().put("level", level.word()).put("sentence", sentence);
    }
}
