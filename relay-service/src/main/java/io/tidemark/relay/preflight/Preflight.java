// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.preflight;

import io.tidemark.outbox.OwnTopics;
import io.tidemark.relay.config.ConfigurationProblem;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.declared.WritableTopics;
import io.tidemark.relay.position.KafkaTail;
import io.tidemark.relay.position.SourcePosition;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.publish.TransactionalPublisher;
import io.tidemark.relay.reason.Reason;
import io.tidemark.relay.source.SlotState;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.source.SourceNotReady;
import io.tidemark.relay.source.check.FailoverHint;
import io.tidemark.relay.source.check.ServerLimits;
import io.tidemark.relay.source.check.SourceCheck;
import io.tidemark.relay.source.check.SourceFindings;
import io.tidemark.relay.source.slot.ExistingRows;
import io.tidemark.relay.timeline.TimelineReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.KafkaException;

/**
 * Everything in the database and Kafka that would stop a relay that starts now, each with its fix. Leaves out problems
 * that only follow from another one. Changes nothing, and may run beside a relay. One thread.
 */
public final class Preflight {

    private static final SourceFindings NO_SOURCE = new SourceFindings(List.of(), Optional.empty(), Optional.empty());

    private final RelayConfiguration config;
    private final SourceDatabase database;
    private final List<String> ok = new ArrayList<>();
    private final List<String> findings = new ArrayList<>();
    private boolean isStreaming;

    private Preflight(RelayConfiguration config) {
        this.config = config;
        this.database = new SourceDatabase(config.postgres());
    }

    /** Runs the checks once. */
    public static Preflight of(RelayConfiguration config) throws InterruptedException {
        Preflight preflight = new Preflight(config);
        preflight.findings.addAll(WritableTopics.findings(config));
        preflight.lookAtSecrets();
        SourceFindings source = preflight.lookAtSource();
        if (!preflight.lookAtKafka(source)) {
            source.slot().ifPresent(preflight::finding);
        }
        return preflight;
    }

    private void lookAtSecrets() {
        try {
            if (config.tokens().form().isSealed()) {
                ok.add("tokens: sealed with the secrets in " + config.tokens().secretFile());
            }
        } catch (ConfigurationProblem e) {
            findings.add(String.valueOf(e.getMessage()));
        }
    }

    private SourceFindings lookAtSource() {
        try (Connection connection = database.connect("check")) {
            SourceFindings source = SourceCheck.look(database, config.outbox(), connection);
            source.problems().forEach(this::finding);
            if (source.identity().isPresent()) {
                tell(connection, source.identity().get());
            }
            if (source.problems().isEmpty() && source.identity().isPresent() && !isStreaming) {
                lookAtReplication(connection, source.identity().get());
            }
            return source;
        } catch (SourceNotReady e) {
            finding(e);
        } catch (SQLException e) {
            findings.add("postgres: " + Reason.of(e));
        }
        return NO_SOURCE;
    }

    /** Not called while a stream is open: that is proof enough. */
    private void lookAtReplication(Connection connection, SourceIdentity identity) throws SQLException {
        try {
            new TimelineReader(database.serverOf(connection)).connect(identity);
        } catch (SourceNotReady e) {
            finding(e);
        }
    }

    private void tell(Connection connection, SourceIdentity identity) throws SQLException {
        ok.add("postgres: source " + identity.sourceId() + ", database " + identity.database() + ", timeline "
                + identity.timeline() + ServerLimits.hint(connection));
        Optional<SlotState> slot = database.slot(connection);
        isStreaming = slot.filter(SlotState::isActive).isPresent();
        if (slot.isPresent() && !slot.get().isLost()) { // otherwise the start check reports what that means
            String name = config.postgres().slot();
            ok.add("slot " + name + ": confirmed " + slot.get().confirmed() + ", WAL head "
                    + database.walHead(connection) + FailoverHint.of(connection, name));
            ExistingRows.read(connection, name)
                    .flatMap(rows -> rows.problem(config.outbox()))
                    .ifPresent(findings::add);
        }
    }

    /** @return whether the published position was compared with the slot, which covers the slot's problem too */
    private boolean lookAtKafka(SourceFindings source) throws InterruptedException {
        try (KafkaCheck kafka = KafkaCheck.connect(config)) {
            Optional<SourceIdentity> identity = source.identity();
            Set<String> used = Set.of();
            try {
                kafka.lookAtProducer();
                kafka.lookAtNames();
                if (identity.isPresent()) {
                    kafka.lookAtTransactionalId(TransactionalPublisher.transactionalId(
                            identity.get().sourceId()));
                    if (kafka.exists(OwnTopics.POSITIONS) && kafka.mayRead(OwnTopics.POSITIONS)) {
                        used = usedTopics(identity.get());
                        kafka.lookAtUsed(used);
                        if (!isStreaming) {
                            lookAtBacklog(kafka, identity.get(), used);
                        }
                    }
                }
            } finally { // also if Kafka stops answering
                ok.add("kafka: " + kafka.description());
                findings.addAll(kafka.findings());
            }
            return identity.isPresent()
                    && kafka.mayRead(OwnTopics.POSITIONS)
                    && used.stream().allMatch(kafka::mayDescribe)
                    && lookAtStart(source, identity.get());
        } catch (PublishFailure | ConfigurationProblem e) { // from kafka.propertiesFile
            findings.add(String.valueOf(e.getMessage()));
        } catch (KafkaException e) {
            findings.add(String.valueOf(PublishFailure.of(e).getMessage()));
        }
        return false;
    }

    /**
     * Events that wait are not older than the last published position. Not called beside a working relay, which leaves
     * no events waiting.
     */
    private void lookAtBacklog(KafkaCheck kafka, SourceIdentity identity, Set<String> used)
            throws PublishFailure, InterruptedException {
        try (KafkaTail tail = new KafkaTail(config.kafka())) {
            Optional<SourcePosition> last = tail.lastPosition(identity.sourceId());
            if (last.isPresent()) {
                kafka.lookAtRetention(used, last.get().time());
            }
        } catch (IllegalArgumentException e) { // an invalid record: the start check reports it too
            return;
        }
    }

    private Set<String> usedTopics(SourceIdentity identity) {
        try (KafkaTail tail = new KafkaTail(config.kafka())) {
            return tail.lastTopicIds(identity.sourceId()).ids().keySet();
        } catch (IllegalArgumentException e) { // an invalid record: the start check reports it too
            return Set.of();
        }
    }

    /** Reports what would halt a relay that starts. */
    private boolean lookAtStart(SourceFindings source, SourceIdentity identity)
            throws PublishFailure, InterruptedException {
        try (Connection connection = database.connect("check")) {
            StartFindings start = StartFindings.of(config, database, connection, identity);
            start.halt()
                    .ifPresentOrElse(
                            findings::add,
                            () -> ok.add("start: "
                                    + start.published()
                                            .map(lsn -> "Kafka has events up to " + lsn)
                                            .orElse("Kafka has no events of this source yet")));
            return true;
        } catch (SourceNotReady e) {
            if (source.problems().stream()
                    .noneMatch(SourceNotReady::isRightMissing)) { // the right to read the timeline's history
                finding(e);
            }
        } catch (SQLException e) {
            findings.add("postgres: " + Reason.of(e));
        } catch (IllegalArgumentException e) { // an invalid record in the positions
            findings.add(String.valueOf(e.getMessage()));
        }
        return false;
    }

    private void finding(SourceNotReady problem) {
        findings.add(String.valueOf(problem.getMessage()));
    }

    /** What is in order, for people. */
    public List<String> ok() {
        return List.copyOf(ok);
    }

    /** The problems; empty if there are none. */
    public List<String> findings() {
        return List.copyOf(findings);
    }
}
