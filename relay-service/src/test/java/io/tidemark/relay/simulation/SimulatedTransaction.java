// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.simulation;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Position;
import io.tidemark.relay.account.AuditRecord;
import io.tidemark.relay.position.SourcePosition;
import io.tidemark.relay.publication.PublicationRecord;
import io.tidemark.relay.publish.KafkaTransaction;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.publish.Refusal;
import io.tidemark.relay.route.OutgoingEvent;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.jspecify.annotations.Nullable;

/**
 * A transactional producer. A record reaches the broker at a random time: records of different partitions in any order,
 * records of one partition in their order, all before the commit. Messages sent before the process ends may arrive
 * later.
 */
final class SimulatedTransaction implements KafkaTransaction {

    /** A record on its way; an event has its number, position and publication have their JSON. */
    private record Sent(
            int partition,
            int event,
            Lsn commitLsn,
            int ordinal,
            @Nullable String position,
            @Nullable String publication,
            @Nullable String audit) {}

    private final World world;
    private final Replica replica;
    private final int run;
    private final String transactionalId;
    private final int epoch;
    private final Bug bug;
    private final int stream;
    private final List<Sent> unsent = new ArrayList<>();
    private final Map<TopicPartition, List<End>> ends = new HashMap<>();

    SimulatedTransaction(
            World world, Replica replica, int run, String transactionalId, int epoch, Bug bug, int stream) {
        this.world = world;
        this.replica = replica;
        this.run = run;
        this.transactionalId = transactionalId;
        this.epoch = epoch;
        this.bug = bug;
        this.stream = stream;
    }

    @Override
    public void begin() {
        unsent.clear();
        ends.clear();
    }

    @Override
    public @Nullable String tooLarge(OutgoingEvent event) {
        return null;
    }

    @Override
    public void send(OutgoingEvent event, @Nullable Position position) throws PublishFailure {
        if (position == null) {
            throw new IllegalStateException("an event without a position");
        }
        int number = Integer.parseInt(header(event, "id"));
        unsent.add(
                new Sent(Wal.partitionOf(number), number, position.commitLsn(), position.ordinal(), null, null, null));
        if (world.random.nextInt(3) == 0) {
            sendOne();
        }
    }

    private static String header(OutgoingEvent event, String name) {
        return event.headers().stream()
                .filter(header -> header.name().equals(name))
                .map(header -> new String(header.value(), StandardCharsets.UTF_8))
                .findFirst()
                .orElseThrow();
    }

    @Override
    public Map<TopicPartition, List<End>> commit(String topic, Map<String, byte @Nullable []> records)
            throws PublishFailure {
        records.forEach((key, value) -> {
            String json = new String(value == null ? new byte[0] : value, StandardCharsets.UTF_8);
            boolean isPosition = key.equals(Replica.SOURCE_ID);
            boolean isPublication = key.equals(PublicationRecord.key(Replica.SOURCE_ID));
            boolean isAudit = key.equals(AuditRecord.key(Replica.SOURCE_ID));
            unsent.add(new Sent(
                    Broker.POSITIONS,
                    -1,
                    Lsn.ZERO,
                    0,
                    isPosition ? json : null,
                    isPublication ? json : null,
                    isAudit ? json : null));
            if (isPosition && bug == Bug.SLOT_CONFIRMED_BEFORE_COMMIT) {
                world.wal.confirm(
                        stream,
                        SourcePosition.fromJson(json.getBytes(StandardCharsets.UTF_8))
                                .resumePoint()
                                .complete());
            }
        });
        if (bug == Bug.DIGEST_OUTSIDE_TRANSACTION) {
            writeAuditOutside(records);
        }
        while (!unsent.isEmpty()) {
            sendOne();
        }
        world.goOn();
        if (replica.isGone(run)) { // the commit may be on its way
            if (world.random.nextBoolean()) {
                world.late.add(() -> world.broker.commit(transactionalId, epoch));
            }
            throw new Replica.Gone();
        }
        if (!world.broker.commit(transactionalId, epoch)) {
            throw fenced();
        }
        replica.letTheWorldGoOn(run);
        return Map.copyOf(ends);
    }

    private void writeAuditOutside(Map<String, byte @Nullable []> records) {
        byte[] record = records.get(AuditRecord.key(Replica.SOURCE_ID));
        byte[] position = Objects.requireNonNull(records.get(Replica.SOURCE_ID));
        AuditRecord all = record == null ? world.broker.auditOutside() : AuditRecord.fromJson(record);
        world.broker.writeAuditOutside(
                all.with(SourcePosition.fromJson(position).carried()));
    }

    private void sendOne() throws PublishFailure {
        int partition = unsent.get(world.random.nextInt(unsent.size())).partition();
        Sent next = unsent.stream()
                .filter(sent -> sent.partition() == partition)
                .findFirst()
                .orElseThrow();
        unsent.remove(next);
        world.goOn();
        if (replica.isGone(run)) { // the record may be on its way
            if (world.random.nextBoolean()) {
                world.late.add(() -> append(next));
            }
            throw new Replica.Gone();
        }
        long offset = append(next).orElseThrow(SimulatedTransaction::fenced);
        if (next.event() >= 0) {
            ends.computeIfAbsent(Group.partition(partition), p -> new ArrayList<>())
                    .add(new End(next.commitLsn(), offset + 1));
        }
    }

    private Optional<Long> append(Sent sent) {
        return world.broker.append(
                transactionalId,
                epoch,
                sent.partition(),
                sent.event(),
                sent.commitLsn().value(),
                sent.ordinal(),
                sent.position(),
                sent.publication(),
                sent.audit());
    }

    private static PublishFailure fenced() {
        return PublishFailure.of(new ProducerFencedException("a newer producer has the transactional id"));
    }

    @Override
    public long firstAcknowledgedAt() {
        return System.nanoTime();
    }

    @Override
    public Optional<Refusal> takeBackIfRefused() {
        return Optional.empty();
    }

    @Override
    public void abort() {
        throw new IllegalStateException("no event of this simulation is poison");
    }
}
