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
 * The events of one Postgres transaction are in one Kafka transaction, unless their header says that it was split. Which
 * Kafka transaction a record is in stands in the broker's log: its producer's id and epoch, which is another for each
 * (KIP-890).
 */
public final class G6Atomic {

    /** @param stored what the broker has of the events that can be read */
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
