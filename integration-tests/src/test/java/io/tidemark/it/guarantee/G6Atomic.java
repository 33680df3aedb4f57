// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.guarantee;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.it.harness.BrokerLog.StoredEvent;
import io.tidemark.outbox.EventHeaders;
import io.tidemark.outbox.Lsn;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The events of one Postgres transaction are in one Kafka transaction, unless their header marks it as split. The
 * broker's log shows the Kafka transaction of a record: the producer's id and epoch, which differs for each transaction
 * (KIP-890).
 */
public final class G6Atomic {

    /** @param stored the readable events, as stored by the broker */
    public void check(List<StoredEvent> stored) {
        Map<Lsn, TreeSet<String>> kafkaTransactions = stored.stream()
                .filter(event -> !event.event().headers().containsKey(EventHeaders.SPLIT))
                .collect(Collectors.groupingBy(
                        event -> event.event().position().commitLsn(),
                        Collectors.mapping(StoredEvent::kafkaTransaction, Collectors.toCollection(TreeSet::new))));

        assertThat(kafkaTransactions)
                .as("Kafka transactions of each commit LSN")
                .allSatisfy((commitLsn, in) -> assertThat(in).hasSize(1));
    }
}
