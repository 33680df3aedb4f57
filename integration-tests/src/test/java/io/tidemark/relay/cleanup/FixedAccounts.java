// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cleanup;

import io.tidemark.it.harness.TestSource;
import io.tidemark.relay.account.AuditStanding;
import io.tidemark.relay.account.DayDigest;
import java.sql.Connection;
import java.time.LocalDate;
import java.util.Map;
import java.util.TreeMap;

/** A relay that has counted every row that was in the table at the creation of this object, and no later row. */
final class FixedAccounts implements Accounts {

    private final Map<LocalDate, DayDigest> counted = new TreeMap<>();
    AuditStanding standing = AuditStanding.UNKNOWN;

    FixedAccounts(TestSource source) throws Exception {
        try (Connection connection = source.connect()) {
            counted.putAll(new TableDigest(connection)
                    .inSlices(
                            TableDigest.startOf(LocalDate.EPOCH), TableDigest.startOf(LocalDate.parse("9999-12-31"))));
        }
    }

    @Override
    public DayDigest counted(LocalDate day) {
        return counted.getOrDefault(day, DayDigest.NONE);
    }

    @Override
    public DayDigest accountedElsewhere(LocalDate day) {
        return DayDigest.NONE;
    }

    @Override
    public void deleted(LocalDate day, DayDigest rows) {
        counted.merge(day, rows, DayDigest::minus);
    }

    @Override
    public void found(AuditStanding found) {
        standing = found;
    }
}
