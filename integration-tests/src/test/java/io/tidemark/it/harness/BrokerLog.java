// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.common.record.internal.FileLogInputStream;
import org.apache.kafka.common.record.internal.FileRecords;
import org.apache.kafka.common.record.internal.Record;

/** The segment files of a broker that runs as a child process. They have data that consumers do not receive. */
public final class BrokerLog {

    private BrokerLog() {}

    /**
     * An event and its place in the files.
     *
     * @param kafkaTransaction producer id and epoch
     */
    public record StoredEvent(ReadEvent event, String kafkaTransaction) {}

    /**
     * Finds these events in the files.
     *
     * @return empty if the files are not accessible, because the broker runs in a container
     */
    public static List<StoredEvent> find(List<ReadEvent> events) throws IOException {
        Map<String, Map<Long, String>> transactions = new HashMap<>();
        List<StoredEvent> stored = new ArrayList<>();
        for (ReadEvent event : events) {
            String partition = event.topic() + "-" + event.partition();
            Map<Long, String> byOffset = transactions.get(partition);
            if (byOffset == null) {
                byOffset = transactionsByOffset(partition);
                transactions.put(partition, byOffset);
            }
            String transaction = byOffset.get(event.offset());
            if (transaction != null) {
                stored.add(new StoredEvent(event, transaction));
            }
        }
        return stored;
    }

    private static Map<Long, String> transactionsByOffset(String partition) throws IOException {
        List<Path> segments;
        try (Stream<Path> files = Files.walk(Path.of(System.getProperty("servers.dir")))) {
            segments = files.filter(file ->
                            file.toString().endsWith(".log") && file.toString().contains("/" + partition + "/"))
                    .toList();
        }
        Map<Long, String> byOffset = new HashMap<>();
        for (Path segment : segments) {
            try (FileRecords records = FileRecords.open(segment.toFile(), false)) {
                for (FileLogInputStream.FileChannelRecordBatch batch : records.batches()) {
                    for (Record record : batch) {
                        byOffset.put(record.offset(), batch.producerId() + ":" + batch.producerEpoch());
                    }
                }
            }
        }
        return byOffset;
    }
}
