// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cli.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.relay.client.RelayReply;
import io.tidemark.relay.client.RelayStatus;
import io.tidemark.relay.client.RelayStatus.Condition;
import io.tidemark.relay.client.RelayStatus.Replica;
import java.net.URI;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StatusTextTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static JsonNode json(String text) throws Exception {
        return JSON.readTree(text);
    }

    private static Replica halted() throws Exception {
        JsonNode source = json("""
            {"role": "standby", "state": "halted", "reason": "slot tidemark is lost", "since": "2026-11-25T08:00:00.123Z",
             "published": "0/1000", "walHead": "0/10001000", "source": "7f3a9c21", "database": "shop", "timeline": 1,
             "slot": {"name": "tidemark", "exists": true, "walStatus": "lost", "active": false, "confirmed": "0/1000"}}
            """);
        return new Replica(URI.create("http://a:8080"), new RelayReply.Answer(200, source, 0));
    }

    private static JsonNode projection(String name, String state) throws Exception {
        return json("{\"projection\": \"" + name + "\", \"state\": \"" + state + "\", \"stateSeconds\": 42,"
                + " \"lagRecords\": 7, \"lagBytes\": 20000, \"lagSeconds\": 1.25, \"watermark\": \"0/FFF\"}");
    }

    @Test
    void printsWhyAReplicaIsHaltedAndTheStateOfTheSlot() throws Exception {
        RelayStatus status = new RelayStatus(
                List.of(
                        halted(),
                        new Replica(URI.create("http://b:8080"), new RelayReply.NoAnswer("connection refused"))),
                List.of(projection("orders-view", "stalled")),
                "");

        String table = StatusText.table(status, status.findings(EnumSet.allOf(Condition.class)));

        assertThat(table.lines())
                .containsExactly(
                        "RELAY          ROLE     STATE   SINCE                 PUBLISHED  REASON",
                        "http://a:8080  standby  halted  2026-11-25T08:00:00Z  0/1000     slot tidemark is lost",
                        "http://b:8080  -        away    -                     -          connection refused",
                        "",
                        "source  7f3a9c21, database shop, timeline 1",
                        "wal     head 0/10001000, 256 MiB not published yet",
                        "slot    tidemark: lost, not in use, confirmed 0/1000, holds back 256 MiB of WAL",
                        "",
                        "PROJECTION   STATE    FOR   LAG                       WATERMARK  MEMBERS  REASON",
                        "orders-view  stalled  42 s  7 records, 20 KiB, 1.3 s  0/FFF      -",
                        "FINDING  inactive: none of the replicas asked is active",
                        "FINDING  stalled: projection orders-view is stalled for 42 s");
    }

    @Test
    void doesNotMeasureByWhatAStandbyHasPublishedItself() throws Exception {
        JsonNode standby = json("""
            {"role": "standby", "state": "standby", "published": "0/0", "walHead": "0/10001000", "source": "7f3a9c21",
             "database": "shop", "timeline": 1, "slot": {"name": "tidemark"}}
            """);
        Replica replica = new Replica(URI.create("http://a:8080"), new RelayReply.Answer(200, standby, 0));

        assertThat(StatusText.table(new RelayStatus(List.of(replica), List.of(), ""), List.of())
                        .lines())
                .contains("wal     head 0/10001000");
    }

    @ParameterizedTest
    @CsvSource({
        "running,    false, false",
        "lagging,    true,  false",
        "rebuilding, true,  false",
        "stalled,    false, true",
        "stopped,    false, true",
        "unknown,    false, true"
    })
    void everyStateExceptRunningBelongsToOneCondition(String state, boolean lagging, boolean stalled) throws Exception {
        RelayStatus status = new RelayStatus(List.of(halted()), List.of(projection("p", state)), "");

        assertThat(status.findings(Set.of(Condition.LAGGING)).isEmpty()).isEqualTo(!lagging);
        assertThat(status.findings(Set.of(Condition.STALLED)).isEmpty()).isEqualTo(!stalled);
    }

    @Test
    void reportsUnknownProjectionsAsAFinding() throws Exception {
        RelayStatus status = new RelayStatus(List.of(halted()), List.of(), "http://a:8080: HTTP 503: starting");

        assertThat(status.findings(Set.of(Condition.STALLED)))
                .containsExactly("stalled: the projections are not known (http://a:8080: HTTP 503: starting)");
        assertThat(status.findings(Set.of())).isEmpty();
    }

    @Test
    void namesTheDaysWhoseRowsAreUnaccountedFor() throws Exception {
        JsonNode source = json("""
            {"role": "active", "state": "running", "published": "0/1000", "walHead": "0/1000", "slot": {"name": "s"},
             "audit": {"accountedUpTo": null, "unaccounted": [{"day": "2026-11-20", "rows": 3}]}}
            """);
        RelayStatus status = new RelayStatus(
                List.of(new Replica(URI.create("http://a:8080"), new RelayReply.Answer(200, source, 0))),
                List.of(),
                "");

        assertThat(status.findings(Set.of(Condition.UNACCOUNTED)))
                .containsExactly("unaccounted: 3 rows of 2026-11-20 are unaccounted for and stay in outbox.event; run:"
                        + " tidemark audit CONFIG");
        assertThat(status.findings(Set.of(Condition.INACTIVE))).isEmpty();
    }
}
