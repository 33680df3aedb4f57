// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.console.view;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

/** What the console says of a deployment; above all, that it is never fine when it does not know. */
class HeadlineTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long NOW = 1_000_000;

    private static ObjectNode json(String text) {
        try {
            return (ObjectNode) JSON.readTree(text.replace('\'', '"'));
        } catch (java.io.IOException e) {
            throw new IllegalArgumentException(text, e);
        }
    }

    private static ReplicaReply replica(String id, String state, String reason, String projections) {
        ObjectNode source = json(
                "{'replica':'" + id + "','state':'" + state + "','role':'"
                        + (state.equals("running") ? "active" : "standby")
                        + "','source':'s','timeline':1,'walHead':'0/200',"
                        + "'sentLsn':'0/200','captured':'0/200','published':'0/200',"
                        + "'slot':{'name':'tidemark','exists':true,'walStatus':'reserved','active':true},'audit':{'unaccounted':[]}}");
        source.put("reason", reason.isEmpty() ? null : reason);
        return new ReplicaReply(
                "10.0.0." + id + ":8080",
                false,
                5,
                Optional.of(source),
                Optional.of(json("{'projections':[" + projections + "]}")),
                Optional.of(json("{'timesMillis':[" + NOW + "],'publishLagSeconds':[0.5],'captureLagSeconds':[0.1]}")),
                "",
                "");
    }

    private static Deployment of(ReplicaReply... replicas) {
        return new Deployment(List.of(replicas), NOW);
    }

    private static Headline headline(Deployment deployment, OptionalDouble fresh) {
        return Headline.of(deployment, Findings.of(deployment), fresh);
    }

    @Test
    void isFineOnlyIfEventsFlowAndItIsKnownUpToWhen() {
        Deployment flows = of(replica("1", "standby", "", ""), replica("2", "running", "", ""));

        Headline fine = headline(flows, OptionalDouble.of(2.1));
        assertThat(fine.level()).isEqualTo(Level.FINE);
        assertThat(fine.sentence()).isEqualTo("Publishing. Everything committed up to 3 s ago is in Kafka.");
        assertThat(headline(flows, OptionalDouble.empty()).level()).isEqualTo(Level.UNKNOWN);
        assertThat(headline(flows, OptionalDouble.of(60)).level()).isEqualTo(Level.WARNING);
    }

    @Test
    void namesTheReasonOfAHalt() {
        Headline halted = headline(of(replica("1", "halted", "event 7 has no payload", "")), OptionalDouble.empty());

        assertThat(halted.level()).isEqualTo(Level.BAD);
        assertThat(halted.sentence()).isEqualTo("Halted. Nothing is published: event 7 has no payload");
    }

    @Test
    void doesNotKnowWhatAReplicaThatWasNotAskedDoes() {
        Headline standby = headline(of(replica("1", "standby", "", "")), OptionalDouble.empty());

        assertThat(standby.level()).isEqualTo(Level.UNKNOWN);
        assertThat(standby.sentence()).contains("not among those asked");
    }

    @Test
    void aReplicaThatIsAwayIsAFindingAndNoMore() {
        Deployment partly =
                of(replica("1", "running", "", ""), ReplicaReply.none("10.0.0.9:8080", "connection refused"));

        assertThat(headline(partly, OptionalDouble.of(1)).level()).isEqualTo(Level.WARNING);
        assertThat(headline(partly, OptionalDouble.of(1)).sentence())
                .contains("is in Kafka.", "10.0.0.9:8080 does not answer: connection refused");
    }

    @Test
    void namesTheProjectionThatStandsStillAndWhoHoldsItUp() {
        String stopped = "{'projection':'view','group':'g','state':'stopped','stateSeconds':40,'lagSeconds':40,"
                + "'reason':'no consumer runs for projection view'}";
        Deployment still = of(replica("1", "running", "", stopped));

        assertThat(headline(still, OptionalDouble.of(1)).level()).isEqualTo(Level.BAD);
        assertThat(headline(still, OptionalDouble.of(1)).sentence())
                .contains("But projection view is stopped for 40 s: no consumer runs");
        assertThat(Bottleneck.of(still).owner()).isEqualTo("consumer");
        assertThat(Bottleneck.of(of(replica("1", "running", "", ""))).step()).isEqualTo("none");
    }

    @Test
    void saysThatASlotIsAboutToBeLostAndWhen() {
        ReplicaReply active = replica("1", "running", "", "");
        ObjectNode slot = (ObjectNode) active.source().orElseThrow().path("slot");
        slot.put("retainedBytes", 90L << 20).put("safeBytes", 10L << 20);
        ((ObjectNode) active.history().orElseThrow())
                .putArray("timesMillis")
                .add(NOW - 60_000)
                .add(NOW);
        ((ObjectNode) active.history().orElseThrow())
                .putArray("safeBytes")
                .add(20L << 20)
                .add(10L << 20);

        assertThat(SlotOutlook.of(active).hoursUntilLost().orElseThrow()).isBetween(0.016, 0.017); // a minute
        assertThat(Findings.of(of(active)))
                .anySatisfy(finding -> assertThat(finding.text())
                        .startsWith("replication slot tidemark is about to be lost: Postgres keeps 90 MiB"));
    }

    @Test
    void knowsSinceWhenEverythingIsPublishedByTheEndsOfTheWalThatItSaw() {
        Freshness freshness = new Freshness();
        ReplicaReply now = replica("1", "running", "", "");
        assertThat(freshness.of(now, NOW).orElseThrow()).isLessThan(0.1);

        ((ObjectNode) now.source().orElseThrow()).put("walHead", "0/300");
        assertThat(freshness.of(now, NOW + 4_000).orElseThrow())
                .as("0/300 is not published; 0/200, seen 4 s before, is")
                .isBetween(4.0, 4.1);
    }
}
