// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.it.harness.ReadEvent;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.relay.health.RelayState.Phase;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.junit.jupiter.api.Test;

/** {@code headers: cloudevents}, for a row and for an emitted event, in the binary mode of the Kafka binding. */
class CloudEventsIT {

    private static final String HEADERS = "headers: cloudevents";

    @Test
    void writesAttributesAsHeadersAndDataAsValue() throws Exception {
        try (TestSource source = TestSource.create("cloudevents");
                RunningRelay relay = RunningRelay.startAndAwait(source.configuration(HEADERS))) {
            String arguments =
                    "('order', '№ 1', 'Placed', '{\"total\":  1}', headers => '{\"ce_dataschema\": \"/s/1\"}',"
                            + " content_type => 'application/json')";
            String published = source.query("select outbox.publish" + arguments);
            String emitted = source.query("select outbox.emit" + arguments);

            List<ReadEvent> read =
                    TopicReader.readUntil(source.servers(), source.topic("order"), events -> events.size() >= 2);

            assertThat(read).extracting(event -> event.header("ce_id")).containsExactly(published, emitted);
            assertThat(read).allSatisfy(event -> {
                assertThat(event.headers().keySet())
                        .containsExactly(
                                "ce_specversion",
                                "ce_id",
                                "ce_source",
                                "ce_type",
                                "ce_subject",
                                "ce_time",
                                "content-type",
                                "tidemark-source",
                                "tidemark-position",
                                "ce_dataschema");
                assertThat(event.headers())
                        .containsEntry("ce_specversion", "1.0")
                        .containsEntry("ce_source", "/tidemark/" + source.sourceId() + "/order")
                        .containsEntry("ce_type", "Placed")
                        .containsEntry("ce_subject", "№ 1")
                        .containsEntry("content-type", "application/json");
                assertThat(Instant.parse(event.header("ce_time")).truncatedTo(ChronoUnit.MILLIS))
                        .isEqualTo(Instant.ofEpochMilli(event.timestampMillis()));
                assertThat(event.text()).isEqualTo("{\"total\":  1}");
            });
            assertThat(relay.state().phase()).isEqualTo(Phase.RUNNING);
        }
    }
}
