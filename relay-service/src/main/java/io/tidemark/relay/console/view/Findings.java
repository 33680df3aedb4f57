// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.console.view;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemark.relay.client.RelayStatus;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Everything that a person should look at, worst first. Uses the words of {@code tidemark status} where it has some. */
final class Findings {

    private static final String CHECK = "tidemark check CONFIG";

    private final Deployment deployment;
    private final List<Finding> findings = new ArrayList<>();

    private Findings(Deployment deployment) {
        this.deployment = deployment;
    }

    static List<Finding> of(Deployment deployment) {
        Findings all = new Findings(deployment);
        all.ofReplicas();
        all.ofSlot();
        all.ofAudit();
        all.ofProjections();
        all.findings.sort(Comparator.comparing(Finding::level).reversed());
        return List.copyOf(all.findings);
    }

    private void add(Level level, String text, String runbook, String command) {
        findings.add(new Finding(level, text, runbook, command));
    }

    private void ofReplicas() {
        boolean isPublishing = deployment.active().isPresent();
        for (ReplicaReply replica : deployment.replicas()) {
            String who = deployment.replicas().size() == 1 ? "the relay" : "replica " + replica.name();
            if (!replica.problem().isEmpty()) {
                add(
                        Level.WARNING,
                        who + " does not answer: " + replica.problem(),
                        Runbook.NO_ACTIVE,
                        "tidemark status --url http://" + replica.name());
                continue;
            }
            replica.databaseError()
                    .ifPresent(error ->
                            add(Level.BAD, who + " gets no answer from Postgres: " + error, Runbook.STALLED, CHECK));
            String reason = replica.reason();
            switch (replica.state()) {
                case "halted" ->
                    add(
                            Level.BAD,
                            who + " is halted: " + reason,
                            Runbook.pageOf(reason, Runbook.HALTS),
                            Runbook.command(reason, CHECK));
                case "retrying" ->
                    add(
                            isPublishing ? Level.WARNING : Level.BAD,
                            who + " does not publish and tries again: " + reason,
                            Runbook.pageOf(reason, Runbook.STALLED),
                            Runbook.command(reason, CHECK));
                case "starting" -> add(Level.WARNING, who + " is starting: " + reason, Runbook.STARTS, CHECK);
                case "running" -> {
                    if (!reason.isEmpty()) {
                        add(
                                Level.BAD,
                                who + " is active and makes no progress: " + reason,
                                Runbook.pageOf(reason, Runbook.STALLED),
                                Runbook.command(reason, CHECK));
                    }
                }
                default -> {}
            }
        }
        if (!isPublishing) {
            String others = deployment
                            .best()
                            .source()
                            .map(s -> s.at("/slot/active").asBoolean())
                            .orElse(false)
                    ? "; something streams from the slot, perhaps a replica that is not in console.peers"
                    : "";
            add(
                    others.isEmpty() ? Level.BAD : Level.UNKNOWN,
                    "inactive: none of the replicas asked is active" + others,
                    Runbook.NO_ACTIVE,
                    "tidemark status --fail-on inactive");
        }
    }

    private void ofSlot() {
        SlotOutlook slot = SlotOutlook.of(deployment.best());
        String what = "replication slot " + slot.name();
        switch (slot.status()) {
            case "missing" -> add(Level.BAD, what + " does not exist", Runbook.LOST_SLOT, "tidemark adopt CONFIG");
            case "lost" ->
                add(
                        Level.BAD,
                        what + " is lost: Postgres has removed WAL that it needs",
                        Runbook.LOST_SLOT,
                        "tidemark adopt CONFIG");
            default -> {
                if (slot.isAboutToBeLost()) {
                    add(
                            slot.status().equals("unreserved") ? Level.BAD : Level.WARNING,
                            what + " is about to be lost: " + outlook(slot),
                            Runbook.SLOT,
                            "alter system set max_slot_wal_keep_size = '200GB'; select pg_reload_conf();");
                }
            }
        }
    }

    private static String outlook(SlotOutlook slot) {
        if (slot.status().equals("unreserved")) {
            return "it needs WAL beyond max_slot_wal_keep_size, and Postgres removes that at its next checkpoint";
        }
        String bytes =
                "Postgres keeps " + bytes(slot.retainedBytes().orElse(0)) + " of WAL for it and may remove it after "
                        + bytes(Math.max(0, slot.safeBytes().orElse(0))) + " more";
        return slot.hoursUntilLost().isEmpty()
                ? bytes
                : bytes
                        + String.format(
                                Locale.ROOT,
                                ", in about %.1f hours at the present rate",
                                slot.hoursUntilLost().getAsDouble());
    }

    private static String bytes(long bytes) {
        return bytes < 10L << 20 ? (bytes >> 10) + " KiB" : (bytes >> 20) + " MiB";
    }

    private void ofAudit() {
        for (ReplicaReply replica : deployment.replicas()) {
            replica.source()
                    .filter(source -> replica.isActive())
                    .ifPresent(source -> RelayStatus.unaccounted(source)
                            .forEach(text -> add(Level.WARNING, text, Runbook.UNACCOUNTED, "tidemark audit CONFIG")));
        }
        long letters = deployment
                .best()
                .source()
                .map(s -> s.path("deadLettersWritten").asLong())
                .orElse(0L);
        if (letters > 0) {
            add(
                    Level.WARNING,
                    letters + (letters == 1 ? " event was" : " events were")
                            + " published as dead letters since this replica started",
                    Runbook.DEAD_LETTERS,
                    "tidemark dead-letters list CONFIG");
        }
    }

    private void ofProjections() {
        if (deployment.knowingProjections().isEmpty()) {
            add(
                    Level.UNKNOWN,
                    "stalled: the projections are not known ("
                            + deployment.best().projectionsProblem() + ")",
                    Runbook.UNKNOWN_PROJECTION,
                    "tidemark status --fail-on stalled");
        }
        for (JsonNode projection : deployment.projections()) {
            RelayStatus.condition(projection.path("state").asText())
                    .ifPresent(condition -> add(
                            levelOf(projection.path("state").asText()),
                            RelayStatus.finding(condition, projection)
                                    + reasonOf(projection.path("reason").asText()),
                            projection.path("state").asText().equals("unknown")
                                    ? Runbook.UNKNOWN_PROJECTION
                                    : Runbook.GROUP,
                            "kafka-consumer-groups.sh --bootstrap-server SERVER --describe --group "
                                    + projection
                                            .path("group")
                                            .asText(projection
                                                    .path("projection")
                                                    .asText())));
        }
    }

    private static String reasonOf(String reason) {
        return reason.isEmpty() ? "" : ": " + reason;
    }

    private static Level levelOf(String state) {
        if (state.equals("unknown")) {
            return Level.UNKNOWN;
        }
        return Set.of("stalled", "stopped").contains(state) ? Level.BAD : Level.WARNING;
    }
}
