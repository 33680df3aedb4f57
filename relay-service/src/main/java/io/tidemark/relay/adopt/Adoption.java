package io.tidemark.relay.adopt;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.OwnTopics;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.position.Adoptions;
import io.tidemark.relay.position.KafkaTail;
import io.tidemark.relay.position.ResumePoint;
import io.tidemark.relay.position.SourcePosition;
import io.tidemark.relay.position.TopicIds;
import io.tidemark.relay.preflight.StartFindings;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.publish.Topics;
import io.tidemark.relay.publish.TransactionalPublisher;
import io.tidemark.relay.source.AdvisoryLock;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.source.SourceNotReady;
import io.tidemark.relay.source.check.SourceCheck;
import io.tidemark.relay.source.check.SourceInstallation;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Lets a halted source go on at an LSN that a person has named, knowing what may be lost: everything at or below it
 * counts as published from then on. Holds the lock, and so keeps every relay of the source away, until closed. One
 * thread.
 */
public final class Adoption implements AutoCloseable {

    private static final int LOCK_SECONDS = 10;

    private final RelayConfiguration config;
    private final SourceDatabase database;
    private final Connection control;
    private final SourceIdentity identity;

    private Adoption(RelayConfiguration config, SourceDatabase database, Connection control, SourceIdentity identity) {
        this.config = config;
        this.database = database;
        this.control = control;
        this.identity = identity;
    }

    /**
     * Takes the lock of the source.
     *
     * @throws SourceNotReady when the database cannot be captured as it is, or a relay is running
     */
    public static Adoption of(RelayConfiguration config) throws SourceNotReady, SQLException, InterruptedException {
        SourceDatabase database = new SourceDatabase(config.postgres());
        Connection control = database.connect("adopt");
        try {
            SourceIdentity identity = SourceCheck.ready(database, config.outbox(), control);
            if (!AdvisoryLock.tryAcquireFor(control, config.postgres().slot(), LOCK_SECONDS)) {
                throw new SourceNotReady("a relay publishes this source now, so there is nothing to adopt; if it is to"
                        + " stop, stop it first");
            }
            return new Adoption(config, database, control, identity);
        } catch (SourceNotReady | SQLException | InterruptedException | RuntimeException e) {
            control.close();
            throw e;
        }
    }

    /** Looks, and changes nothing. */
    public StartFindings look() throws SourceNotReady, SQLException, PublishFailure, InterruptedException {
        return StartFindings.of(config, database, control, identity);
    }

    /**
     * From now on everything committed at or below {@code at} counts as published, and the topics are those that exist.
     *
     * @param at between the slot's confirmed LSN and the end of the WAL; where a new slot is needed, what
     *     {@link StartFindings#proposal} says
     * @param administrator who may make the slot where a new one is needed
     * @return where the source continues
     * @throws SourceNotReady when {@code at} is out of that range, or the slot cannot be made
     */
    public Lsn adopt(Lsn at, SourceInstallation administrator, Connection administratorSession)
            throws SourceNotReady, SQLException, PublishFailure, InterruptedException {
        try (Topics topics = new Topics(config.kafka());
                KafkaTail tail = new KafkaTail(config.kafka());
                TransactionalPublisher publisher = new TransactionalPublisher(
                        config.kafka(), TransactionalPublisher.transactionalId(identity.sourceId()), false)) {
            topics.ensureOwn();
            publisher.initialize();
            StartFindings findings = look();
            Lsn continueAt = findings.needsNewSlot()
                    ? newSlot(at, findings, administrator, administratorSession)
                    : checked(at, findings);
            Optional<SourcePosition> stored = tail.lastPosition(identity.sourceId());
            publish(
                    publisher,
                    topics,
                    tail,
                    resumePoint(continueAt, stored),
                    adoptions(continueAt, findings.known(), stored));
            return continueAt;
        }
    }

    private Lsn newSlot(Lsn at, StartFindings findings, SourceInstallation administrator, Connection session)
            throws SourceNotReady, SQLException, InterruptedException {
        if (!at.equals(findings.proposal())) {
            throw new SourceNotReady("the slot is gone, so name the LSN that is published, which is "
                    + findings.proposal() + ": a new slot begins where the WAL ends");
        }
        administrator.installAnotherSlot(session);
        return database.slot(control)
                .orElseThrow(() -> new SourceNotReady("the new slot is not there; run the command again"))
                .confirmed();
    }

    private Lsn checked(Lsn at, StartFindings findings) throws SourceNotReady {
        Lsn confirmed = findings.slot().orElseThrow().confirmed();
        if (confirmed.isAfter(at) || at.isAfter(findings.walHead())) {
            throw new SourceNotReady("--at is " + at + ", but it must lie between what the slot is confirmed to, "
                    + confirmed + ", and the end of the WAL, " + findings.walHead() + "; the proposal is "
                    + findings.proposal());
        }
        return at;
    }

    /** The stored one when that is the very point and of this timeline: then the relay may rely on its record. */
    private ResumePoint resumePoint(Lsn at, Optional<SourcePosition> stored) {
        return stored.filter(position -> position.source().equals(identity)
                        && position.resumePoint().lsn().equals(at))
                .map(SourcePosition::resumePoint)
                .orElseGet(() -> ResumePoint.adopted(at));
    }

    private Adoptions adoptions(Lsn at, Lsn known, Optional<SourcePosition> stored) {
        Adoptions before = stored.map(SourcePosition::adoptions).orElse(Adoptions.NONE);
        if (!resumePoint(at, stored).isAdopted()) {
            return before.another();
        }
        Lsn complete = stored.map(position -> position.resumePoint().complete()).orElse(known);
        return before.leavingOut(complete.isAfter(known) ? known : complete, at);
    }

    private void publish(
            TransactionalPublisher publisher,
            Topics topics,
            KafkaTail tail,
            ResumePoint resumePoint,
            Adoptions adoptions)
            throws PublishFailure, InterruptedException {
        SourcePosition position = new SourcePosition(
                identity, resumePoint, "adopted by " + System.getProperty("user.name"), Instant.now(), adoptions);
        Map<String, String> ids =
                topics.idsOf(tail.lastTopicIds(identity.sourceId()).ids().keySet());
        Map<String, byte @Nullable []> records = new LinkedHashMap<>();
        records.put(identity.sourceId(), position.toJson());
        records.put(TopicIds.key(identity.sourceId()), new TopicIds(ids).toJson());
        publisher.begin();
        publisher.commit(OwnTopics.POSITIONS, records);
    }

    /** Lets relays have the lock again. */
    @Override
    public void close() throws SQLException {
        control.close();
    }
}
