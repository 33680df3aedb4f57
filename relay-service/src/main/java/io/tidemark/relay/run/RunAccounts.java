// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.run;

import io.tidemark.relay.account.AuditStanding;
import io.tidemark.relay.account.AuditTally;
import io.tidemark.relay.account.DayDigest;
import io.tidemark.relay.cleanup.Accounts;
import io.tidemark.relay.config.KafkaConfig;
import io.tidemark.relay.health.RelayState;
import io.tidemark.relay.position.KafkaTail;
import io.tidemark.relay.source.SourceNotReady;
import java.time.LocalDate;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.KafkaException;

/**
 * The rows that this run has counted, and those that audits have settled. Reads the latter from Kafka when the cleanup
 * needs them. On the cleanup's thread.
 */
final class RunAccounts implements Accounts {

    /** A pass asks for each day. Days that an audit settles count from the next pass on. */
    private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final KafkaConfig kafka;
    private final String sourceId;
    private final AuditTally tally;
    private final RelayState state;
    private KafkaTail.Settled settled = KafkaTail.Settled.UNREAD;
    private OptionalLong settledNanos = OptionalLong.empty();

    RunAccounts(KafkaConfig kafka, String sourceId, AuditTally tally, RelayState state) {
        this.kafka = kafka;
        this.sourceId = sourceId;
        this.tally = tally;
        this.state = state;
        state.audited(AuditStanding.UNKNOWN); // the finding of an earlier run may be fixed by now
    }

    @Override
    public DayDigest counted(LocalDate day) {
        return tally.of(day);
    }

    @Override
    public DayDigest accountedElsewhere(LocalDate day) throws SourceNotReady {
        if (settledNanos.isEmpty() || System.nanoTime() - settledNanos.getAsLong() > FRESH_NANOS) {
            settled = readSettled();
            settledNanos = OptionalLong.of(System.nanoTime());
        }
        return settled.days().of(day);
    }

    private KafkaTail.Settled readSettled() throws SourceNotReady {
        try (KafkaTail tail = new KafkaTail(kafka)) {
            return tail.lastSettled(sourceId, settled);
        } catch (KafkaException | IllegalArgumentException e) {
            throw new SourceNotReady("what audits have settled cannot be read from Kafka: " + e.getMessage());
        }
    }

    @Override
    public void deleted(LocalDate day, DayDigest rows) {
        tally.forget(day, rows);
    }

    @Override
    public void found(AuditStanding standing) {
        state.audited(standing);
    }
}
