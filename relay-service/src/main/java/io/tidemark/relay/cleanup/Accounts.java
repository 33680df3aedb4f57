// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cleanup;

import io.tidemark.relay.account.AuditStanding;
import io.tidemark.relay.account.DayDigest;
import io.tidemark.relay.source.SourceNotReady;
import java.time.LocalDate;

/** What is known about the rows of a day. On the cleanup's thread. */
public interface Accounts {

    /** The rows that are in Kafka: of everything published, the rows that the relay has counted. */
    DayDigest counted(LocalDate day);

    /**
     * The rows that are accounted for in another way, to be added: settled by an audit, or given up by a person.
     *
     * @throws SourceNotReady when that cannot be read now
     */
    DayDigest accountedElsewhere(LocalDate day) throws SourceNotReady;

    /** These rows were counted, and are no longer in the table. */
    void deleted(LocalDate day, DayDigest rows);

    /** Receives the findings of the last pass. */
    void found(AuditStanding standing);
}
