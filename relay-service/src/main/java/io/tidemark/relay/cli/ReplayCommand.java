// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dropwizard.logging.common.BootstrapLogging;
import io.tidemark.relay.audit.Audit;
import io.tidemark.relay.audit.AuditProblem;
import io.tidemark.relay.audit.AuditReport;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.config.file.ConfigurationFile;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.replay.Replay;
import io.tidemark.relay.replay.ReplayProblem;
import io.tidemark.relay.replay.ReplaySummary;
import io.tidemark.relay.replay.Selection;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tidemark replay CONFIG}. */
@Command(
        name = "replay",
        description = {
            "Publishes events again from the rows that are still in outbox.event. Replayed events have the header"
                    + " tidemark-replayed and no position. Only events that the relay has published before are"
                    + " replayed.",
            "Exit code: 0 done, 1 not done or only in part, 2 could not run."
        })
final class ReplayCommand implements Callable<Integer> {

    @Parameters(paramLabel = "CONFIG", description = "The relay's YAML file.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path file;

    @Option(
            names = "--from",
            paramLabel = "MOMENT",
            converter = OptionValues.Moment.class,
            description = "Rows with created_at at or after this time, for example 2026-11-25T08:00:00Z.")
    private @Nullable Instant from;

    @Option(
            names = "--to",
            paramLabel = "MOMENT",
            converter = OptionValues.Moment.class,
            description = "Rows with created_at before this time.")
    private @Nullable Instant to;

    @Option(
            names = "--id",
            paramLabel = "UUID",
            converter = OptionValues.EventId.class,
            description = "The event with this id. Repeat the option for several events.")
    private List<UUID> ids = List.of();

    @Option(names = "--aggregate-type", paramLabel = "TYPE", description = "Events of this aggregate type.")
    private @Nullable String aggregateType;

    @Option(
            names = "--aggregate-id",
            paramLabel = "ID",
            description = "Events of this aggregate; needs --aggregate-type.")
    private @Nullable String aggregateId;

    @Option(
            names = "--unaccounted",
            description = "Exactly the rows that tidemark audit reports as missing. Cannot be combined with other"
                    + " selections. Audits again afterwards, so that cleanup may delete the rows.")
    private boolean unaccounted;

    @Option(
            names = "--topic",
            paramLabel = "TOPIC",
            description = "Publish all events to this topic instead of the routes' topics.")
    private @Nullable String topic;

    @Option(names = "--dry-run", description = "Only count the events that would be published, by topic.")
    private boolean dryRun;

    @Option(names = "--yes", description = "Required to publish to topics that the routes or projections name.")
    private boolean yes;

    @Option(
            names = "--events-per-second",
            paramLabel = "N",
            description = "Maximum number of events per second. Default: no limit.")
    private @Nullable Integer eventsPerSecond;

    @Option(names = "--json", description = "Print one JSON object instead.")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        BootstrapLogging.bootstrap();
        try {
            if (eventsPerSecond != null && eventsPerSecond < 1) {
                System.err.println("tidemark: --events-per-second is " + eventsPerSecond + "; it must be 1 or more");
                return TidemarkCli.COULD_NOT_RUN;
            }
            RelayConfiguration config = ConfigurationFile.read(file);
            if (!config.outbox().isOwn()) {
                System.err.println("tidemark: outbox.preset or outbox.table names a table of your own, and replay reads"
                        + " only outbox.event");
                return TidemarkCli.COULD_NOT_RUN;
            }
            if (unaccounted) {
                return replayUnaccounted(config);
            }
            Selection selection = Selection.of(
                    Optional.ofNullable(from),
                    Optional.ofNullable(to),
                    ids,
                    Optional.ofNullable(aggregateType),
                    Optional.ofNullable(aggregateId));
            Replay replay = new Replay(config, selection, Optional.ofNullable(topic));
            if (!dryRun && !yes && replay.isIntoLiveTopics()) {
                System.err.println(
                        "tidemark: this would publish to live topics, and every consumer would receive the events"
                                + " again;"
                                + " check with --dry-run, then add --yes, or choose a separate topic with --topic");
                return TidemarkCli.FAILED;
            }
            return run(replay);
        } catch (ReplayProblem e) {
            System.err.println("tidemark: " + e.getMessage());
            return TidemarkCli.FAILED;
        } catch (AuditProblem e) {
            System.err.println("tidemark: " + e.getMessage());
            return TidemarkCli.COULD_NOT_RUN;
        } catch (PublishFailure e) {
            System.err.println("tidemark: " + e.getMessage());
            return TidemarkCli.COULD_NOT_RUN;
        }
    }

    /** The audit afterwards reads the events back from Kafka. It settles only days whose rows it finds there. */
    private int replayUnaccounted(RelayConfiguration config) throws Exception {
        if (from != null || to != null || !ids.isEmpty() || aggregateType != null || topic != null) {
            System.err.println("tidemark: --unaccounted selects the rows and their topics; remove --from, --to, --id,"
                    + " --aggregate-type, --aggregate-id and --topic");
            return TidemarkCli.COULD_NOT_RUN;
        }
        AuditReport before = new Audit(config, LocalDate.EPOCH).run(Set.of());
        List<UUID> missing = before.missing().stream().map(UUID::fromString).toList();
        if (missing.isEmpty()) {
            System.out.println(json ? json("", new ReplaySummary(Map.of(), 0, List.of())) : "no row is missing");
            return TidemarkCli.FINE;
        }
        if (!dryRun && !yes) {
            System.err.println("tidemark: " + missing.size() + " rows would be published now, after later events of the"
                    + " same keys; check with --dry-run, then add --yes");
            return TidemarkCli.FAILED;
        }
        Selection selection =
                Selection.of(Optional.empty(), Optional.empty(), missing, Optional.empty(), Optional.empty());
        int code = run(new Replay(config, selection, Optional.empty()));
        if (dryRun) {
            return code;
        }
        AuditReport after = new Audit(config, LocalDate.EPOCH).run(Set.of());
        if (!after.missing().isEmpty()) {
            System.err.println(
                    "tidemark: " + after.missing().size() + " rows are still missing; see: tidemark audit " + file);
            return TidemarkCli.FAILED;
        }
        return code;
    }

    private int run(Replay replay) throws Exception {
        String replayId = UUID.randomUUID().toString();
        if (!dryRun) { // before the first event: after an aborted replay, this id finds the events it published
            System.err.println("tidemark: this is replay " + replayId);
        }
        ReplaySummary summary = dryRun
                ? replay.count()
                : replay.publish(
                        replayId, eventsPerSecond == null ? OptionalInt.empty() : OptionalInt.of(eventsPerSecond));
        System.out.println(json ? json(replayId, summary) : text(replayId, summary));
        return summary.refused() == 0 ? TidemarkCli.FINE : TidemarkCli.FAILED;
    }

    private ObjectNode json(String replayId, ReplaySummary summary) {
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        if (!dryRun) {
            object.put("replayId", replayId);
        }
        object.put("dryRun", dryRun).put("events", summary.events());
        ObjectNode topics = object.putObject("topics");
        summary.topics().forEach(topics::put);
        ArrayNode reasons = object.put("refused", summary.refused()).putArray("reasons");
        summary.reasons().forEach(reasons::add);
        return object;
    }

    private String text(String replayId, ReplaySummary summary) {
        StringBuilder text = new StringBuilder();
        text.append(
                dryRun
                        ? summary.events() + " events would be published"
                        : summary.events() + " events were published, with tidemark-replayed: " + replayId);
        summary.topics()
                .forEach((name, events) ->
                        text.append('\n').append(name).append("  ").append(events));
        if (summary.refused() > 0) {
            text.append("\nFINDING  ").append(summary.refused()).append(" events cannot be published:");
            summary.reasons().forEach(reason -> text.append("\n         ").append(reason));
        }
        return text.toString();
    }
}
