// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.preflight;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.OwnTopics;
import io.tidemark.outbox.Position;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.position.KafkaTail;
import io.tidemark.relay.position.ResumePoint;
import io.tidemark.relay.position.SourcePosition;
import io.tidemark.relay.position.StartDecision;
import io.tidemark.relay.position.TopicIds;
import io.tidemark.relay.publication.PublicationGap;
import io.tidemark.relay.publication.PublicationLook;
import io.tidemark.relay.publication.PublicationReader;
import io.tidemark.relay.publication.PublicationRecord;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.publish.PublishedTopics;
import io.tidemark.relay.publish.Topics;
import io.tidemark.relay.source.SlotState;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.source.SourceNotReady;
import io.tidemark.relay.timeline.TimelineHistory;
import io.tidemark.relay.timeline.TimelineReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The findings of a relay that starts now: whether and why it would halt, and the consequences of continuing anyway for
 * the events. Changes nothing, and may run beside a relay.
 *
 * @param halt why a relay would halt, or wait; empty if it would do neither
 * @param published the LSN up to which Kafka has events; empty if it has no position
 * @param slot the slot; empty if there is none
 * @param gap events that may never have come through the stream; empty if none
 * @param lastPosition the highest position that an event in Kafka may have; empty if Kafka has none
 * @param timeline of the database
 * @param shared the part of {@code published} that is in this database's history; lower than {@code published} after a
 *     failover of Postgres that lost part of it
 */
public record StartFindings(
        Optional<String> halt,
        Optional<Lsn> published,
        Optional<SlotState> slot,
        Optional<PublicationGap> gap,
        Lsn walHead,
        Optional<Position> lastPosition,
        int timeline,
        Lsn shared) {

    /** Reads slot, position and the end of the WAL, in this order: a working relay moves them in the opposite order. */
    public static StartFindings of(
            RelayConfiguration config, SourceDatabase database, Connection connection, SourceIdentity identity)
            throws SourceNotReady, SQLException, PublishFailure, InterruptedException {
        TimelineHistory history = new TimelineReader(database.serverOf(connection)).read(identity);
        Optional<SlotState> slot = database.slot(connection);
        try (Topics topics = new Topics(config.kafka());
                KafkaTail tail = new KafkaTail(config.kafka())) {
            List<String> damaged = new ArrayList<>();
            Optional<SourcePosition> stored = Optional.empty();
            Optional<String> topicHalt = Optional.empty();
            Optional<PublicationRecord> recorded = Optional.empty();
            if (!topics.idsOf(Set.of(OwnTopics.POSITIONS)).isEmpty()) {
                String id = identity.sourceId();
                stored = readable(() -> tail.lastPosition(id), damaged);
                topicHalt = topicHalt(topics, readable(() -> Optional.of(tail.lastTopicIds(id)), damaged));
                recorded = readable(() -> tail.lastPublication(id), damaged);
            }
            PublicationLook seen = new PublicationReader(config.postgres(), config.outbox()).look(connection);
            Lsn walHead = database.walHead(connection);
            StartDecision decision =
                    StartDecision.decide(stored, slot, config.postgres().slot(), identity, history, walHead);
            Optional<String> ofTopics = topicHalt;
            Optional<PublicationRecord> recordedBefore = recorded;
            Optional<ResumePoint> published = stored.map(SourcePosition::resumePoint);
            Optional<PublicationGap> otherConfiguration =
                    recorded.flatMap(record -> PublicationGap.ofOtherConfiguration(
                            record, config.postgres().slot(), config.outbox().table(), walHead));
            Optional<PublicationGap> gap = otherConfiguration.or(() ->
                    PublicationGap.since(recordedBefore, seen, slot, published.map(ResumePoint::complete), walHead));
            return new StartFindings(
                    damage(damaged)
                            .or(() -> otherConfiguration.map(PublicationGap::reason))
                            .or(() -> halt(decision))
                            .or(() -> gap.map(PublicationGap::reason))
                            .or(() -> ofTopics),
                    published.map(ResumePoint::lsn),
                    slot,
                    gap,
                    walHead,
                    stored.map(StartFindings::lastPosition),
                    identity.timeline(),
                    stored.map(position -> shared(position, identity, history, walHead))
                            .orElse(Lsn.ZERO));
        }
    }

    private static Optional<String> halt(StartDecision decision) {
        if (decision instanceof StartDecision.Halt halt) {
            return Optional.of(halt.reason());
        }
        return decision instanceof StartDecision.NotReady notReady ? Optional.of(notReady.reason()) : Optional.empty();
    }

    /** Records damage as a finding instead of failing: a person must be able to continue in spite of it. */
    private static <T> Optional<T> readable(Supplier<Optional<T>> record, List<String> damaged) {
        try {
            return record.get();
        } catch (IllegalArgumentException e) {
            damaged.add(String.valueOf(e.getMessage()));
            return Optional.empty();
        }
    }

    private static Optional<String> damage(List<String> damaged) {
        return damaged.isEmpty()
                ? Optional.empty()
                : Optional.of(String.join("; ", damaged) + ". So it is not known up to where Kafka has events. "
                        + StartDecision.whatToDo());
    }

    private static Position lastPosition(SourcePosition stored) {
        return new Position(stored.source().timeline(), stored.resumePoint().lsn(), 0);
    }

    private static Optional<String> topicHalt(Topics topics, Optional<TopicIds> recorded)
            throws PublishFailure, InterruptedException {
        if (recorded.isEmpty()) {
            return Optional.empty();
        }
        try {
            new PublishedTopics(topics, recorded.get()).check();
            return Optional.empty();
        } catch (PublishFailure e) {
            if (e.kind() != PublishFailure.Kind.HALT) {
                throw e;
            }
            return Optional.ofNullable(e.getMessage());
        }
    }

    private static Lsn shared(SourcePosition position, SourceIdentity identity, TimelineHistory history, Lsn walHead) {
        SourceIdentity then = position.source();
        if (!then.systemIdentifier().equals(identity.systemIdentifier())
                || !then.database().equals(identity.database())) {
            return Lsn.ZERO;
        }
        Lsn end = then.timeline() == identity.timeline()
                ? walHead
                : history.sharedUpTo(then.timeline()).orElse(Lsn.ZERO);
        Lsn published = position.resumePoint().lsn();
        return published.isAfter(end) ? end : published;
    }

    /** Whether the slot is missing or lost, so that later events can only be sent from where a new slot begins. */
    public boolean needsNewSlot() {
        return slot.isEmpty() || slot.get().isLost();
    }

    /** The LSN up to which the database's events are known to be in Kafka. */
    public Lsn known() {
        return published.map(lsn -> shared.isAfter(lsn) ? lsn : shared).orElse(Lsn.ZERO);
    }

    /** The LSN that loses least. */
    public Lsn proposal() {
        return needsNewSlot() ? known() : Lsn.max(known(), slot.orElseThrow().confirmed());
    }

    /** The consequences of continuing at this LSN for the events, in a sentence. */
    public String consequences(Lsn at) {
        String before = published.map(lsn -> "Kafka has events up to " + lsn).orElse("Kafka has no position");
        if (needsNewSlot()) {
            return before + "; a new slot begins at the end of the WAL, now " + walHead
                    + ": events committed in between are not published by themselves; rows are in the outbox table, those of"
                    + " outbox.emit() nowhere else; their tokens are answered unknown";
        }
        Lsn confirmed = slot.orElseThrow().confirmed();
        StringBuilder sentence = new StringBuilder(before);
        gap.ifPresent(missing -> sentence.append("; those committed in (")
                .append(missing.after())
                .append(", ")
                .append(missing.upTo())
                .append("] may never have come through the stream, and their tokens are answered unknown"));
        published
                .filter(lsn -> lsn.isAfter(shared))
                .ifPresent(lsn -> sentence.append("; those in (")
                        .append(shared)
                        .append(", ")
                        .append(lsn)
                        .append("] are not in the database any more and stay in Kafka"));
        Lsn known = known();
        if (at.isAfter(known)) {
            sentence.append("; events committed in (")
                    .append(known)
                    .append(", ")
                    .append(at);
            sentence.append("] are not published, unless they were already, and their tokens are answered unknown");
        }
        if (known.isAfter(at)) {
            sentence.append("; events committed in (").append(at).append(", ").append(known);
            sentence.append("] are published again");
        }
        lastPosition
                .filter(last -> last.compareTo(new Position(timeline, at, 0)) > 0)
                .ifPresent(last -> sentence.append("; positions go back: the next events have a lower")
                        .append(" tidemark-position than events in Kafka, up to ")
                        .append(last)
                        .append(", so a consumer that drops what is at or below the highest position it has seen would")
                        .append(" drop them: reset what it keeps"));
        return sentence + "; everything committed after " + at + " is published (the slot has all since " + confirmed
                + ")";
    }
}
