// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cleanup;

import io.tidemark.outbox.OwnTopics;
import io.tidemark.relay.account.AuditRecord;
import io.tidemark.relay.account.AuditStanding;
import io.tidemark.relay.account.DayDigest;
import io.tidemark.relay.config.KafkaConfig;
import io.tidemark.relay.position.SourcePosition;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/**
 * The counts of a relay, read from Kafka up to the end of a transaction, so that position and counts belong together,
 * minus the rows deleted here. No audit has settled a day.
 */
final class KafkaAccounts implements Accounts {

    private static final TopicPartition POSITIONS = new TopicPartition(OwnTopics.POSITIONS, 0);

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final String sourceId;
    private final Map<LocalDate, DayDigest> deleted = new TreeMap<>();
    private byte @Nullable [] position;
    private byte @Nullable [] audit;

    KafkaAccounts(KafkaConfig kafka, String sourceId) {
        this.sourceId = sourceId;
        Map<String, Object> properties = kafka.client("test-accounts", Map.of());
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        this.consumer = new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        consumer.assign(List.of(POSITIONS));
        consumer.seekToBeginning(List.of(POSITIONS));
    }

    @Override
    public DayDigest counted(LocalDate day) {
        readToTheEnd();
        AuditRecord record = audit == null ? AuditRecord.beginning(Instant.EPOCH) : AuditRecord.fromJson(audit);
        return (position == null
                        ? record
                        : record.with(SourcePosition.fromJson(position).carried()))
                .of(day)
                .minus(deleted.getOrDefault(day, DayDigest.NONE));
    }

    /** For readers of committed records, the end is always the end of a transaction. */
    private void readToTheEnd() {
        long end = consumer.endOffsets(List.of(POSITIONS)).getOrDefault(POSITIONS, 0L);
        while (consumer.position(POSITIONS) < end) {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(50))) {
                String key = new String(record.key(), StandardCharsets.UTF_8);
                if (key.equals(sourceId)) {
                    position = record.value();
                } else if (key.equals(AuditRecord.key(sourceId))) {
                    audit = record.value();
                }
            }
        }
    }

    @Override
    public DayDigest accountedElsewhere(LocalDate day) {
        return DayDigest.NONE;
    }

    @Override
    public void deleted(LocalDate day, DayDigest rows) {
        deleted.merge(day, rows, DayDigest::plus);
    }

    @Override
    public void found(AuditStanding standing) {}
}
