package io.tidemark.relay.cleanup;

import io.tidemark.relay.account.AuditRecord;
import io.tidemark.relay.account.AuditStanding;
import io.tidemark.relay.account.DayDigest;
import io.tidemark.relay.config.KafkaConfig;
import io.tidemark.relay.position.KafkaTail;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Map;
import java.util.TreeMap;

/** What a relay has counted, read from Kafka, less what was deleted here. No audit has settled anything. */
final class KafkaAccounts implements Accounts {

    private final KafkaTail tail;
    private final String sourceId;
    private final Map<LocalDate, DayDigest> deleted = new TreeMap<>();

    KafkaAccounts(KafkaConfig kafka, String sourceId) {
        this.tail = new KafkaTail(kafka);
        this.sourceId = sourceId;
    }

    @Override
    public DayDigest counted(LocalDate day) {
        return tail.lastPosition(sourceId)
                .flatMap(tail::lastAudit)
                .orElse(AuditRecord.beginning(Instant.EPOCH))
                .of(day)
                .minus(deleted.getOrDefault(day, DayDigest.NONE));
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
