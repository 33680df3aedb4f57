// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cleanup;

import io.tidemark.relay.account.AuditStanding;
import io.tidemark.relay.account.AuditStanding.Unaccounted;
import io.tidemark.relay.account.DayDigest;
import io.tidemark.relay.source.SourceNotReady;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Compares the rows of whole days with what is accounted for, and remembers what differs. A day without rows never
 * differs: nothing of it can be deleted. On the cleanup's thread.
 */
final class RowAudit {

    private final Accounts accounts;
    /** The days whose rows are not all accounted for. */
    private final SortedMap<LocalDate, Unaccounted> unaccounted = new TreeMap<>();

    private @Nullable LocalDate accountedUpTo;

    RowAudit(Accounts accounts) {
        this.accounts = accounts;
    }

    /** What is accounted for on each of these days, as of now. */
    SortedMap<LocalDate, DayDigest> accountedFor(Collection<LocalDate> days) throws SourceNotReady {
        SortedMap<LocalDate, DayDigest> accounted = new TreeMap<>();
        for (LocalDate day : days) {
            accounted.put(day, accounts.counted(day).plus(accounts.accountedElsewhere(day)));
        }
        return accounted;
    }

    /** Whether each of these rows is accounted for. */
    boolean matches(Map<LocalDate, DayDigest> inTable) throws SourceNotReady {
        return accountedFor(inTable.keySet()).equals(new TreeMap<>(inTable));
    }

    /**
     * Like {@link #matches}, and reports differences from now on.
     *
     * @return what differs, and what to do; empty when nothing does
     */
    Optional<String> judge(Map<LocalDate, DayDigest> inTable) throws SourceNotReady {
        SortedMap<LocalDate, DayDigest> accounted = accountedFor(inTable.keySet());
        List<String> differences = new ArrayList<>();
        inTable.forEach((day, rows) -> {
            DayDigest known = accounted.getOrDefault(day, DayDigest.NONE);
            if (rows.equals(known)) {
                fine(day);
            } else {
                Unaccounted found = new Unaccounted(day, Math.max(0, rows.rows() - known.rows()));
                unaccounted.put(day, found);
                differences.add(text(found, rows, known));
            }
        });
        tell();
        return differences.isEmpty()
                ? Optional.empty()
                : Optional.of(String.join("; ", differences)
                        + "; the rows stay until each is accounted for; run: tidemark audit CONFIG");
    }

    private static String text(Unaccounted found, DayDigest rows, DayDigest known) {
        return found.rows() > 0
                ? found.rows() + " rows of " + found.day() + " are unaccounted for: outbox.event has " + rows.rows()
                        + ", and " + known.rows() + " are known to be in Kafka"
                : "rows of " + found.day() + " are unaccounted for: outbox.event has " + rows.rows()
                        + " with other ids than the " + known.rows() + " that are known to be in Kafka";
    }

    private void fine(LocalDate day) {
        unaccounted.remove(day);
        if (accountedUpTo == null || day.isAfter(accountedUpTo)) {
            accountedUpTo = day;
        }
    }

    /** These rows are deleted. */
    void deleted(Map<LocalDate, DayDigest> rows) {
        rows.forEach((day, digest) -> {
            accounts.deleted(day, digest);
            fine(day);
        });
        tell();
    }

    /** A pass has ended: findings of days that it did not cover are dropped. */
    void onlyThose(Predicate<LocalDate> isOld) {
        if (unaccounted.keySet().removeIf(isOld.negate())) {
            tell();
        }
    }

    private void tell() {
        accounts.found(new AuditStanding(Optional.ofNullable(accountedUpTo), List.copyOf(unaccounted.values())));
    }
}
