// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class AuditTallyTest {

    private static final LocalDate MONDAY = LocalDate.parse("2026-11-23");
    private static final LocalDate TUESDAY = MONDAY.plusDays(1);

    private final IdHash hash = new IdHash();
    private AuditRecord stored = AuditRecord.beginning(Instant.EPOCH);
    private AuditTally tally = AuditTally.from(stored);
    /** Whether the last transaction wrote all days. */
    private boolean wroteRecord;

    private static long millis(LocalDate day) {
        return TimeUnit.DAYS.toMillis(day.toEpochDay()) + 1;
    }

    private DayDigest digest(String... ids) {
        DayDigest digest = DayDigest.NONE;
        for (String id : ids) {
            digest = digest.plus(new DayDigest(1, hash.of(id)));
        }
        return digest;
    }

    private void send(LocalDate day, String... ids) {
        for (String id : ids) {
            tally.add(id, millis(day));
        }
    }

    /** The result as Kafka stores it, through bytes. */
    private void commit() {
        AuditTally.Records records = tally.records();
        wroteRecord = records.record().isPresent();
        stored = records.record()
                .map(record -> AuditRecord.fromJson(record.toJson()))
                .orElse(stored)
                .with(records.carried());
        tally.committed();
    }

    private void transaction(LocalDate day, String... ids) {
        tally.begin();
        send(day, ids);
        commit();
    }

    /** A run that takes over knows only what Kafka has. */
    private void takeOver() {
        tally = AuditTally.from(stored);
    }

    @Test
    void hashesAsTheReferenceDoes() {
        assertThat(hash.of("7f3a9c21-0b1d-4e5f-8a9b-0123456789ab")).isEqualTo(980355851562224721L);
        assertThat(hash.of("7f3a9c21-0b1d-4e5f-8a9b-0123456789ab")).isEqualTo(980355851562224721L);
    }

    @Test
    void hashesIdsOfAnyTextByItsUtf8() {
        assertThat(hash.of("ä")).isNotEqualTo(hash.of("Ã¤")).isEqualTo(new IdHash().of("ä"));
        assertThat(hash.of("x".repeat(200))).isNotEqualTo(hash.of("x".repeat(201)));
    }

    @Test
    void sumsDoNotDependOnTheOrderAndWrapAround() {
        DayDigest almostFull = new DayDigest(1, Long.MAX_VALUE);

        assertThat(digest("a", "b")).isEqualTo(digest("b", "a")).isNotEqualTo(digest("a", "a"));
        assertThat(almostFull.plus(almostFull).minus(almostFull)).isEqualTo(almostFull);
    }

    @Test
    void countsAnAttemptThatWasTakenBackOnlyOnce() {
        tally.begin();
        send(MONDAY, "a", "b");
        tally.records(); // the commit fails: Kafka has refused an event
        tally.begin();
        send(MONDAY, "a", "b");
        commit();

        assertThat(tally.of(MONDAY)).isEqualTo(digest("a", "b"));
        assertThat(stored.of(MONDAY)).isEqualTo(digest("a", "b"));
    }

    @Test
    void leavesNothingBehindOfATransactionThatWasAborted() {
        transaction(MONDAY, "a");
        tally.begin();
        send(MONDAY, "b");
        tally.records();
        takeOver();
        transaction(TUESDAY, "c");

        assertThat(stored.of(MONDAY)).isEqualTo(digest("a"));
        assertThat(stored.of(TUESDAY)).isEqualTo(digest("c"));
    }

    @Test
    void writesAllDaysOnlyWhenAnotherDayIsTouched() {
        transaction(MONDAY, "a");
        assertThat(wroteRecord).isTrue();
        transaction(MONDAY, "b");
        assertThat(wroteRecord).isFalse();
        transaction(TUESDAY, "c");
        assertThat(wroteRecord).isTrue();
        transaction(MONDAY, "d");
        assertThat(wroteRecord).isTrue();

        takeOver();

        assertThat(tally.of(MONDAY)).isEqualTo(digest("a", "b", "d"));
        assertThat(tally.of(TUESDAY)).isEqualTo(digest("c"));
    }

    @Test
    void carriesTheDayOnWithTransactionsThatHaveNoEvents() {
        transaction(MONDAY, "a");
        transaction(MONDAY, "b");
        tally.begin();
        AuditTally.Records records = tally.records();

        assertThat(records.carried()).contains(new CarriedDay(MONDAY, digest("a", "b")));
    }

    @Test
    void writesAllDaysNowAndThen() {
        transaction(MONDAY, "a");
        int since = 0;
        do {
            transaction(MONDAY, "b");
            since++;
        } while (!wroteRecord);

        assertThat(since).isEqualTo(AuditTally.COMMITS_PER_RECORD + 1);
    }

    @Test
    void subtractsWhatWasDeletedAlsoWhileATransactionIsUnderWay() {
        transaction(MONDAY, "a", "b");
        tally.begin();
        send(MONDAY, "late");
        tally.records();
        tally.forget(MONDAY, digest("a", "b"));
        tally.committed();
        assertThat(tally.of(MONDAY)).isEqualTo(digest("late"));

        transaction(TUESDAY);
        assertThat(wroteRecord).as("Kafka has it with the next transaction").isTrue();
        takeOver();

        assertThat(tally.of(MONDAY)).isEqualTo(digest("late"));
    }

    @Test
    void keepsABoundedNumberOfDays() {
        for (int day = 0; day < AuditTally.MOST_DAYS + 5; day++) {
            transaction(MONDAY.plusDays(day), "a");
        }

        assertThat(stored.days()).hasSize(AuditTally.MOST_DAYS);
        assertThat(tally.of(MONDAY)).isEqualTo(DayDigest.NONE);
    }

    @Test
    void readsWhatItWritesAndRefusesAnotherAlgorithm() {
        transaction(MONDAY, "a", "b");
        SettledDays settled = SettledDays.NONE.with(TUESDAY, new DayDigest(-3, Long.MIN_VALUE));
        byte[] another = new String(stored.toJson(), StandardCharsets.UTF_8)
                .replace(IdHash.ALGORITHM, "xor-of-crc32")
                .getBytes(StandardCharsets.UTF_8);

        assertThat(AuditRecord.fromJson(stored.toJson())).isEqualTo(stored);
        assertThat(SettledDays.fromJson(settled.toJson())).isEqualTo(settled);
        assertThat(settled.with(TUESDAY, DayDigest.NONE)).isEqualTo(SettledDays.NONE);
        assertThatThrownBy(() -> AuditRecord.fromJson(another)).hasMessageContaining("xor-of-crc32");
        assertThat(stored.with(Optional.empty())).isEqualTo(stored);
    }
}
