// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.loop;

import io.tidemark.relay.account.AuditTally;
import io.tidemark.relay.capture.ChangeRing;
import io.tidemark.relay.config.LimitsConfig;
import io.tidemark.relay.position.Adoptions;
import io.tidemark.relay.publish.KafkaTransaction;
import io.tidemark.relay.publish.PublishedTopics;
import io.tidemark.relay.route.Router;
import io.tidemark.relay.source.SourceIdentity;

/**
 * The collaborators of one run. The run's caller opens and closes all of them.
 *
 * @param owner of the position, for people: process and host
 * @param tally begins with what Kafka has at the resume point
 * @param batchSize what earlier runs have learned about how much Kafka accepts in time
 * @param run identifies this run in index entries: the replica, and the session that holds the lock
 */
public record RunScope(
        SourceIdentity identity,
        String owner,
        String run,
        Adoptions adoptions,
        ChangeRing ring,
        Router router,
        PublishedTopics topics,
        KafkaTransaction kafka,
        RunPublication publication,
        RunIndex index,
        RunSlot slot,
        AuditTally tally,
        LimitsConfig limits,
        BatchSize batchSize) {

    /** The scope of a first run. */
    public RunScope(
            SourceIdentity identity,
            String owner,
            String run,
            Adoptions adoptions,
            ChangeRing ring,
            Router router,
            PublishedTopics topics,
            KafkaTransaction kafka,
            RunPublication publication,
            RunIndex index,
            RunSlot slot,
            AuditTally tally,
            LimitsConfig limits) {
        this(
                identity,
                owner,
                run,
                adoptions,
                ring,
                router,
                topics,
                kafka,
                publication,
                index,
                slot,
                tally,
                limits,
                new BatchSize(limits));
    }
}
