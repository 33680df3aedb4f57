// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.adopt;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.OwnTopics;
import io.tidemark.relay.account.CarriedDay;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.position.Adoptions;
import io.tidemark.relay.position.KafkaTail;
import io.tidemark.relay.position.ResumePoint;
import io.tidemark.relay.position.SourcePosition;
import io.tidemark.relay.position.TopicIds;
import io.tidemark.relay.preflight.StartFindings;
import io.tidemark.relay.publication.PublicationLook;
import io.tidemark.relay.publication.PublicationReader;
import io.tidemark.relay.publication.PublicationRecord;
import io.tidemark.relay.publication.PublicationState;
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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets a halted source continue at an LSN that a person names, who accepts what may be lost. Everything at or below it
 * counts as published from then on. Holds the lock until closed, which keeps every relay of the source away. One
 * thread.
 */
public final class Adoption implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Adoption.class);

    private static final int LOCK_SECONDS = 10;
    private static final long SETTLE_SECONDS = 10;
    private static final long LOOK_MILLIS = 200;

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
     * @throws SourceNotReady if the database cannot be captured as it is, or a relay is running
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

    /** Reads the findings, and changes nothing. */
    public StartFindings look() throws SourceNotReady, SQLException, PublishFailure, InterruptedException {
        return StartFindings.of(config, database, control, identity);
    }

    /**
     * Adopts the source: everything committed at or below {@code at} counts as published from now on, and the current
     * topics are the recorded ones.
     *
     * @param at between the slot's confirmed LSN and the end of the WAL; if a new slot is needed, exactly
     *     {@link StartFindings#proposal}
     * @param administrator who may create the slot, if a new one is needed
     * @return where the source continues
     * @throws SourceNotReady if {@code at} is out of that range, or the slot cannot be created
     */
    public Lsn adopt(Lsn at, SourceInstallation administrator, Connection administratorSession)
            throws SourceNotReady, SQLException, PublishFailure, InterruptedException {
        try (Topics topics = new Topics(config.kafka());
                KafkaTail tail = new KafkaTail(config.kafka());
                TransactionalPublisher publisher = new TransactionalPublisher(
                        config.kafka(), TransactionalPublisher.transactionalId(identity.sourceId()), false)) {
            topics.ensureOwn();
            requireAllowed(at, look()); // a refusal does not fence whoever publishes, by mistake from another database
            publisher.initialize();
            StartFindings findings = look();
            requireAllowed(at, findings);
            Lsn continueAt = findings.needsNewSlot() ? newSlot(administrator, administratorSession) : at;
            Optional<SourcePosition> stored = readable(() -> tail.lastPosition(identity.sourceId()));
            PublicationState publication = settledPublication();
            Lsn walHead = database.walHead(control); // everything written under another publication is below it
            Adoptions adoptions = adoptions(continueAt, findings.known(), stored);
            publish(
                    publisher,
                    topics,
                    tail,
                    resumePoint(continueAt, stored),
                    findings.gap()
                            .map(gap -> adoptions.doubting(gap.after(), walHead))
                            .orElse(adoptions),
                    new PublicationRecord(publication, continueAt),
                    stored.flatMap(SourcePosition::carried));
            return continueAt;
        }
    }

    /**
     * The present state of the publication, returned only after every transaction that was open when it changed has
     * ended: such a transaction may still commit rows that were written under the earlier state.
     */
    private PublicationState settledPublication() throws SourceNotReady, SQLException, InterruptedException {
        PublicationReader reader = new PublicationReader(config.postgres(), config.outbox());
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SETTLE_SECONDS);
        while (true) {
            PublicationLook look = reader.look(control);
            if (look instanceof PublicationLook.Seen seen && reader.isSettled(control)) {
                return seen.state();
            }
            if (System.nanoTime() > deadline) {
                throw new SourceNotReady(whyNotSettled(look));
            }
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        }
    }

    private String whyNotSettled(PublicationLook look) {
        String publication = config.postgres().publication();
        if (look instanceof PublicationLook.InDoubt doubt) {
            return doubt.reason(publication);
        }
        if (look instanceof PublicationLook.Missing missing) {
            return missing.reason() + "; run: tidemark init CONFIG, then adopt again";
        }
        return "transactions are still open that began before publication " + publication + " was changed: events that"
                + " they commit may be missing in the stream. Nothing was adopted; run adopt again when they have ended"
                + " (select pid, xact_start, query from pg_stat_activity where xact_start is not null order by 2)";
    }

    private Lsn newSlot(SourceInstallation administrator, Connection session)
            throws SourceNotReady, SQLException, InterruptedException {
        administrator.installAnotherSlot(session);
        return database.slot(control)
                .orElseThrow(() -> new SourceNotReady("the new slot does not exist; run the command again"))
                .confirmed();
    }

    private static void requireAllowed(Lsn at, StartFindings findings) throws SourceNotReady {
        if (findings.needsNewSlot()) {
            if (!at.equals(findings.proposal())) {
                throw new SourceNotReady("the slot is gone, so name the LSN that is published, which is "
                        + findings.proposal() + ": a new slot begins where the WAL ends");
            }
            return;
        }
        Lsn confirmed = findings.slot().orElseThrow().confirmed();
        if (confirmed.isAfter(at) || at.isAfter(findings.walHead())) {
            throw new SourceNotReady("--at is " + at + ", but it must lie between what the slot is confirmed to, "
                    + confirmed + ", and the end of the WAL, " + findings.walHead() + "; the proposal is "
                    + findings.proposal());
        }
    }

    /**
     * The stored resume point, if it is exactly this point and of this timeline: then the relay may rely on its record.
     */
    private ResumePoint resumePoint(Lsn at, Optional<SourcePosition> stored) {
        return stored.filter(position -> position.source().equals(identity)
                        && position.resumePoint().lsn().equals(at))
                .map(SourcePosition::resumePoint)
                .orElseGet(() -> ResumePoint.adopted(at));
    }

    private Adoptions adoptions(Lsn at, Lsn known, Optional<SourcePosition> stored) {
        Adoptions before = stored.map(SourcePosition::adoptions).orElseGet(Adoption::moreThanEver);
        if (!resumePoint(at, stored).isAdopted()) {
            return before.another();
        }
        Lsn complete = stored.map(position -> position.resumePoint().complete()).orElse(known);
        return before.leavingOut(complete.isAfter(known) ? known : complete, at);
    }

    /**
     * The number of earlier adoptions is not known. Uses a number above any count that one adoption a minute could have
     * reached.
     */
    private static Adoptions moreThanEver() {
        return new Adoptions((int) TimeUnit.MILLISECONDS.toMinutes(System.currentTimeMillis()), List.of());
    }

    /** Ignores damaged records: the adoption replaces them. */
    private static <T> Optional<T> readable(Supplier<Optional<T>> record) {
        try {
            return record.get();
        } catch (IllegalArgumentException e) {
            LOG.warn("event=adopted-over-damage reason=\"{}\"", e.getMessage());
            return Optional.empty();
        }
    }

    private void publish(
            TransactionalPublisher publisher,
            Topics topics,
            KafkaTail tail,
            ResumePoint resumePoint,
            Adoptions adoptions,
            PublicationRecord publication,
            Optional<CarriedDay> carried)
            throws PublishFailure, InterruptedException {
        SourcePosition position = new SourcePosition(
                identity,
                resumePoint,
                "adopted by " + System.getProperty("user.name"),
                Instant.now(),
                adoptions,
                carried);
        Map<String, String> ids = topics.idsOf(readable(() -> Optional.of(tail.lastTopicIds(identity.sourceId())))
                .map(recorded -> recorded.ids().keySet())
                .orElse(Set.of()));
        Map<String, byte @Nullable []> records = new LinkedHashMap<>();
        records.put(identity.sourceId(), position.toJson());
        records.put(TopicIds.key(identity.sourceId()), new TopicIds(ids).toJson());
        records.put(PublicationRecord.key(identity.sourceId()), publication.toJson());
        publisher.begin();
        publisher.commit(OwnTopics.POSITIONS, records);
    }

    /** Releases the lock, so that relays can take it again. */
    @Override
    public void close() throws SQLException {
        control.close();
    }
}
