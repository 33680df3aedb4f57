// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.simulation;

import io.tidemark.relay.account.AuditRecord;
import io.tidemark.relay.account.CarriedDay;
import io.tidemark.relay.position.SourcePosition;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Kafka: partitions with transactional records and markers, and producers that are fenced by epoch. */
final class Broker {

    /** The partition of the positions, after those of the events. */
    static final int POSITIONS = Wal.PARTITIONS;

    /** The coordinator's view of a transaction. */
    static final class Txn {
        boolean open = true;
        boolean committed;
        final boolean[] touched = new boolean[POSITIONS + 1];
        final List<Long> offsets = new ArrayList<>();
        final List<Integer> events = new ArrayList<>();
    }

    /**
     * The content of an offset.
     *
     * @param event its number; -1 for a position or a marker
     * @param position the JSON of a position
     * @param publication the JSON of the publication with which the events were published
     * @param audit the JSON of an audit record
     * @param isMarker whether it is the marker of a transaction's end; consumers never receive it
     */
    record Entry(
            Txn txn,
            int event,
            long commitLsn,
            int ordinal,
            @Nullable String position,
            @Nullable String publication,
            @Nullable String audit,
            boolean isMarker) {}

    private static final class Producer {
        int epoch;

        @Nullable
        Txn open;
    }

    private final List<List<Entry>> partitions = new ArrayList<>();
    private final Map<String, Producer> producers = new HashMap<>();
    /** From event to offset, once it can be read. */
    private final Map<Integer, Long> readable = new HashMap<>();

    private AuditRecord outside = AuditRecord.beginning(Instant.EPOCH);

    Broker() {
        for (int i = 0; i <= POSITIONS; i++) {
            partitions.add(new ArrayList<>());
        }
    }

    /**
     * Aborts the open transaction of an earlier producer with this id, and fences that producer; returns the new epoch.
     */
    int init(String transactionalId) {
        Producer producer = producers.computeIfAbsent(transactionalId, id -> new Producer());
        if (producer.open != null) {
            end(producer, false);
        }
        return ++producer.epoch;
    }

    /** @return the record's offset, or empty if the producer is fenced */
    Optional<Long> append(
            String transactionalId,
            int epoch,
            int partition,
            int event,
            long commitLsn,
            int ordinal,
            @Nullable String position,
            @Nullable String publication,
            @Nullable String audit) {
        Producer producer = producers.get(transactionalId);
        if (producer == null || producer.epoch != epoch) {
            return Optional.empty();
        }
        if (producer.open == null) {
            producer.open = new Txn();
        }
        producer.open.touched[partition] = true;
        List<Entry> log = partitions.get(partition);
        if (event >= 0) {
            producer.open.events.add(event);
            producer.open.offsets.add((long) log.size());
        }
        log.add(new Entry(producer.open, event, commitLsn, ordinal, position, publication, audit, false));
        return Optional.of(log.size() - 1L);
    }

    /** @return false if the producer is fenced */
    boolean commit(String transactionalId, int epoch) {
        Producer producer = producers.get(transactionalId);
        if (producer == null || producer.epoch != epoch) {
            return false;
        }
        end(producer, true);
        return true;
    }

    private void end(Producer producer, boolean committed) {
        Txn txn = producer.open;
        producer.open = null;
        if (txn == null) {
            return;
        }
        txn.open = false;
        txn.committed = committed;
        for (int i = 0; committed && i < txn.events.size(); i++) {
            if (readable.put(txn.events.get(i), txn.offsets.get(i)) != null) {
                throw new Violation("G3: event " + txn.events.get(i) + " is readable twice");
            }
        }
        for (int partition = 0; partition <= POSITIONS; partition++) {
            if (txn.touched[partition]) {
                partitions.get(partition).add(new Entry(txn, -1, 0, 0, null, null, null, true));
            }
        }
    }

    /** Aborts transactions that have been open for too long, as the coordinator does. */
    void timeOutOpenTransactions() {
        for (Producer producer : producers.values()) {
            if (producer.open != null) {
                end(producer, false);
                producer.epoch++;
            }
        }
    }

    /** The offset of an event that can be read, or null. */
    @Nullable
    Long offsetOf(int event) {
        return readable.get(event);
    }

    List<Entry> log(int partition) {
        return partitions.get(partition);
    }

    /** The last position, of a committed transaction unless {@code uncommitted}. */
    Optional<String> lastPosition(boolean uncommitted) {
        List<Entry> log = log(POSITIONS);
        for (int i = log.size() - 1; i >= 0; i--) {
            Entry entry = log.get(i);
            String position = entry.position();
            if (position != null && (uncommitted || entry.txn().committed)) {
                return Optional.of(position);
            }
        }
        return Optional.empty();
    }

    /** The publication in the last committed record. */
    Optional<String> lastPublication() {
        List<Entry> log = log(POSITIONS);
        for (int i = log.size() - 1; i >= 0; i--) {
            String publication = log.get(i).publication();
            if (publication != null && log.get(i).txn().committed) {
                return Optional.of(publication);
            }
        }
        return Optional.empty();
    }

    /** The counts in committed transactions, as a run reads them at its start. */
    AuditRecord lastAudit() {
        AuditRecord record = AuditRecord.beginning(Instant.EPOCH);
        List<Entry> log = log(POSITIONS);
        for (int i = log.size() - 1; i >= 0; i--) {
            String audit = log.get(i).audit();
            if (audit != null && log.get(i).txn().committed) {
                record = AuditRecord.fromJson(audit.getBytes(StandardCharsets.UTF_8));
                break;
            }
        }
        Optional<CarriedDay> carried = lastPosition(false)
                .map(json -> SourcePosition.fromJson(json.getBytes(StandardCharsets.UTF_8)))
                .flatMap(SourcePosition::carried);
        return record.with(carried);
    }

    /** The counts written outside transactions, whether or not the transactions were committed. */
    AuditRecord auditOutside() {
        return outside;
    }

    void writeAuditOutside(AuditRecord record) {
        outside = record;
    }

    /** The offset after the last committed record; 0 if there is none. */
    long recordEnd(int partition) {
        List<Entry> log = log(partition);
        for (int i = log.size() - 1; i >= 0; i--) {
            if (!log.get(i).isMarker() && log.get(i).txn().committed) {
                return i + 1L;
            }
        }
        return 0;
    }
}
