// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.upheaval;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.it.guarantee.Evidence;
import io.tidemark.it.guarantee.G11AccountedFor;
import io.tidemark.it.guarantee.WatermarkEvidence;
import io.tidemark.it.guarantee.WatermarkEvidence.Repeat;
import io.tidemark.it.guarantee.WatermarkEvidence.Success;
import io.tidemark.it.harness.FaultyWorld;
import io.tidemark.it.harness.ReadEvent;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TestSource.CommittedEvent;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.outbox.EventHeaders;
import io.tidemark.outbox.Lsn;
import io.tidemark.relay.position.Adoptions;
import io.tidemark.relay.position.KafkaTail;
import io.tidemark.relay.position.SourcePosition;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The state after a round with upheavals. The guarantees hold for everything that came through the stream. Everything
 * else lies in a range that an adoption names. It is published by a replay, or is lost if it never was a row.
 */
public final class Aftermath {

    private final Operator operator;
    private final Adoptions named;
    private final List<CommittedEvent> committed;
    private final List<ReadEvent> streamed = new ArrayList<>();
    private final List<ReadEvent> replayed = new ArrayList<>();
    private final Set<String> rows;

    private Aftermath(Operator operator, Adoptions named, List<CommittedEvent> committed, Set<String> rows) {
        this.operator = operator;
        this.named = named;
        this.committed = committed;
        this.rows = rows;
    }

    /**
     * Runs the audit, which must be clean. Waits until everything that was not left out is readable, and reads all
     * events.
     */
    public static Aftermath gather(FaultyWorld world, Operator operator) throws Exception {
        operator.audit();
        TestSource source = world.source();
        List<CommittedEvent> committed = operator.committedEvents();
        Adoptions named;
        try (KafkaTail tail = new KafkaTail(source.configuration().kafka())) {
            named = tail.lastPosition(source.sourceId())
                    .map(SourcePosition::adoptions)
                    .orElseThrow();
        }
        String ids = source.query("select string_agg(id::text, ',') from outbox.event");
        Aftermath aftermath = new Aftermath(
                operator, named, committed, Arrays.stream(ids.split(",")).collect(Collectors.toSet()));
        aftermath.read(source);
        return aftermath;
    }

    private void read(TestSource source) {
        Set<String> awaited = committed.stream()
                .filter(event -> named.rangeOf(event.commitLsn()).isEmpty())
                .map(CommittedEvent::id)
                .collect(Collectors.toSet());
        List<ReadEvent> all = new ArrayList<>(operator.readBefore());
        awaited.removeAll(ids(all));
        all.addAll(TopicReader.readUntil(
                source.servers(), source.name() + ".", events -> ids(events).containsAll(awaited)));
        for (ReadEvent event : all) {
            (event.headers().containsKey(EventHeaders.REPLAYED) ? replayed : streamed).add(event);
        }
    }

    private static Set<String> ids(List<ReadEvent> events) {
        return events.stream().map(ReadEvent::id).collect(Collectors.toSet());
    }

    public int events() {
        return committed.size();
    }

    public int replays() {
        return replayed.size();
    }

    /** Checks G1 to G5 and G11; {@code context} is printed with a violation. */
    public void check(String context) {
        Set<String> came = ids(streamed);
        List<CommittedEvent> leftOut =
                committed.stream().filter(event -> !came.contains(event.id())).toList();
        List<CommittedEvent> others = numberedAnew(
                committed.stream().filter(event -> came.contains(event.id())).toList());

        assertThat(leftOut)
                .as("G10 is violated (%s): left out, and no adoption names it; named are %s", context, named)
                .allMatch(event -> named.rangeOf(event.commitLsn()).isPresent());
        new Evidence(others, streamed, operator.addedPartitions()).check(context);
        Set<String> readable = ids(replayed);
        assertThat(replayed.stream().map(event -> event.topic() + " " + event.id())) // again in a topic made anew
                .as("replayed twice (%s)", context)
                .doesNotHaveDuplicates();
        Set<String> twice = ids(present());
        twice.retainAll(readable);
        assertThat(twice)
                .as("replayed although it was in its topic (%s)", context)
                .isEmpty();
        readable.addAll(came);
        new G11AccountedFor().check(new G11AccountedFor.Rows(List.copyOf(rows), readable, Set.of(), rows));
    }

    /** If some events of a transaction were left out, the others have ordinals without gaps. */
    private static List<CommittedEvent> numberedAnew(List<CommittedEvent> came) {
        Map<Lsn, Integer> next = new HashMap<>();
        return came.stream()
                .map(event -> new CommittedEvent(
                        event.id(),
                        event.aggregateId(),
                        event.commitLsn(),
                        next.merge(event.commitLsn(), 1, Integer::sum) - 1))
                .toList();
    }

    /** Events that came through the stream and were not deleted since. */
    public List<ReadEvent> present() {
        return streamed.stream().filter(event -> !Operator.isDeleted(event)).toList();
    }

    /** Checks G7 to G9. An event that was left out, or deleted, counts unless an adoption gave it up. */
    public void checkWatermark(Map<String, Long> processedNanos, List<Success> successes, List<Repeat> repeats) {
        Set<String> present = ids(present());
        Set<String> gone = new HashSet<>();
        committed.stream()
                .map(CommittedEvent::id)
                .filter(id -> !present.contains(id))
                .forEach(gone::add);
        List<Repeat> others = repeats.stream()
                .filter(repeat -> !operator.isWithinAnUpheaval(repeat))
                .filter(repeat -> !repeat.status().equals("unknown")
                        || named.rangeOf(repeat.token()).isEmpty())
                .toList();
        new WatermarkEvidence(
                        committed,
                        processedNanos,
                        successes,
                        others,
                        (event, success) -> gone.contains(event.id()) && isAdoptedBefore(event, success))
                .check();
    }

    private boolean isAdoptedBefore(CommittedEvent event, Success success) {
        return operator.adopted().stream()
                .anyMatch(adopted -> success.givenNanos() - adopted.nanos() > 0
                        && adopted.wal().isAtLeast(event.commitLsn()));
    }
}
