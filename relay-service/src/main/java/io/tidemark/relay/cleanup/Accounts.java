// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cleanup;

import io.tidemark.relay.account.AuditStanding;
import io.tidemark.relay.account.DayDigest;
import io.tidemark.relay.source.SourceNotReady;
import java.time.LocalDate;

/** What is known of the rows of a day. On the cleanup's thread. */
public interface Accounts {

    /** The rows that are in Kafka: those the relay has counted of all that is published. */
    DayDigest counted(LocalDate day);

    /**
     * The rows that are accounted for in another way, to be added: what an audit has settled, what a person has given up.
     *
     * @throws SourceNotReady when that cannot be read now
     */
    DayDigest accountedElsewhere(LocalDate day) throws SourceNotReady;

    /** These rows were counted, and are not in the table any more. */
    void deleted(LocalDate day, DayDigest rows);

    /** What the last pass has found. */
    void found(AuditStanding standing);
}
