// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.declared;

import io.tidemark.relay.config.ProjectionConfig;
import io.tidemark.relay.declared.Footing.Firm;
import io.tidemark.relay.declared.Footing.Hollow;
import io.tidemark.relay.declared.Footing.Unseen;
import java.time.Duration;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the declaration of one projection matches reality: only then do its group's offsets show what was consumed.
 * Some causes make every answer meaningless and are reported immediately. Others only make a {@code success}
 * meaningless. Confined to the watermark thread.
 */
public final class Grounds {

    private static final Logger LOG = LoggerFactory.getLogger(Grounds.class);

    /** Time after which an answer of Kafka no longer counts. Kafka is asked every ten seconds, or more often. */
    static final Duration OUTDATED_AFTER = Duration.ofSeconds(60);

    /** Why no question about a projection can be answered. Several may apply at a time; the first is reported. */
    private enum Cause {
        IMPOSSIBLE_TOPIC("topic-not-writable"),
        TOPIC_MADE_AGAIN("topic-recreated"),
        SHARE_GROUP("share-group"),
        UNDECLARED_TOPIC("undeclared-topic");

        private final String code;

        Cause(String code) {
            this.code = code;
        }
    }

    private final ProjectionConfig projection;
    /** Topics declared by this projection, or by another one of the same group. */
    private final Set<String> declaredForGroup;

    private final Supplier<Set<String>> justWritten;
    private final Map<Cause, String> causes = new EnumMap<>(Cause.class);
    private String told = "";

    private Set<String> absent = Set.of();
    private Set<String> written = Set.of();
    private @Nullable GroupReading reading;
    private Set<String> committedTopics = Set.of();
    private long readNanos;
    /** Topics of the last complete assignment. While the group has no members, it is expected to read these. */
    private Set<String> assigned = Set.of();

    private boolean wasAssigned;
    /** Offsets in topics that the members were seen no longer to read. */
    private Map<TopicPartition, Long> left = Map.of();

    /**
     * For one projection.
     *
     * @param all every projection, this one among them
     * @param writable the topics that routes can write
     * @param justWritten topics with events of this source that were seen since the last look at Kafka's topics
     */
    public Grounds(
            ProjectionConfig projection,
            Collection<ProjectionConfig> all,
            WritableTopics writable,
            Supplier<Set<String>> justWritten) {
        this.projection = projection;
        this.declaredForGroup = all.stream()
                .filter(other -> other.group().equals(projection.group()))
                .flatMap(other -> other.topics().stream())
                .collect(Collectors.toSet());
        this.justWritten = justWritten;
        set(Cause.IMPOSSIBLE_TOPIC, String.join("; ", writable.findings(projection)));
    }

    private void set(Cause cause, String reason) {
        if (reason.isEmpty()) {
            causes.remove(cause);
        } else {
            causes.put(cause, reason);
        }
        String now = refusal().map(Doubt::reason).orElse("");
        if (!now.equals(told)) {
            told = now;
            if (now.isEmpty()) {
                LOG.info("event=projection-known projection={}", projection.name());
            } else {
                LOG.warn("event=projection-unknown projection={} reason=\"{}\"", projection.name(), now);
            }
        }
    }

    /** Accepts the state of Kafka's topics. */
    public void seeTopics(TopicsSeen topics) {
        absent = projection.topics().stream().filter(topics.absent()::contains).collect(Collectors.toSet());
        written = topics.written();
        set(
                Cause.TOPIC_MADE_AGAIN,
                projection.topics().stream()
                        .filter(topics.wrong()::containsKey)
                        .sorted()
                        .map(topic -> "topic " + topic + " " + topics.wrong().get(topic))
                        .collect(Collectors.joining("; ")));
        judgeWhatItReads();
    }

    /**
     * Accepts Kafka's answer about what the group reads.
     *
     * @param askedNanos when Kafka was asked
     */
    public void seeGroup(GroupReading now, long askedNanos) {
        reading = now.withoutOffsetsIn(declaredForGroup); // there may be many of these
        committedTopics = now.committedTopics();
        readNanos = askedNanos;
        set(
                Cause.SHARE_GROUP,
                now.kind() == GroupReading.Kind.SHARE
                        ? "group " + projection.group() + " is a share group: its consumers acknowledge records in any"
                                + " order and it commits no offsets, so how far projection " + projection.name()
                                + " has come cannot be known. Read with a consumer group, or take the projection out of"
                                + " projections[] and restart the relay"
                        : "");
        if (now.members() > 0 && now.isSettled()) {
            assigned = now.assigned();
            wasAssigned = true;
            left = new HashMap<>(reading.committed());
            left.keySet().removeIf(partition -> assigned.contains(partition.topic()));
        }
        judgeWhatItReads();
    }

    private void judgeWhatItReads() {
        GroupReading now = reading;
        if (now == null) {
            return;
        }
        Set<String> undeclared = new TreeSet<>(read(now));
        undeclared.removeAll(declaredForGroup);
        undeclared.removeIf(
                topic -> !written.contains(topic) && !justWritten.get().contains(topic));
        set(
                Cause.UNDECLARED_TOPIC,
                undeclared.isEmpty()
                        ? ""
                        : "group " + projection.group() + " also reads " + String.join(", ", undeclared)
                                + ", which projection " + projection.name() + " does not declare: what it has consumed"
                                + " there is not looked at; add " + (undeclared.size() == 1 ? "it" : "them")
                                + " to projections[].topics and restart the relay");
    }

    /**
     * The topics assigned to members. Also the topics in which the group has committed, as long as no members show what
     * it reads.
     */
    private Set<String> read(GroupReading now) {
        Set<String> topics = new HashSet<>(now.assigned());
        topics.addAll(assigned);
        if (now.members() == 0 || !wasAssigned) {
            now.committed().forEach((partition, offset) -> {
                if (!offset.equals(left.get(partition))) {
                    topics.add(partition.topic());
                }
            });
        }
        return topics;
    }

    /** Why no question can be answered at all; empty if questions can be answered. */
    public Optional<Doubt> refusal() {
        return causes.entrySet().stream().findFirst().map(cause -> new Doubt(cause.getKey().code, cause.getValue()));
    }

    /**
     * The basis that a {@code success} would have now.
     *
     * @param committed the group's offsets in the declared topics, read since
     */
    public Footing footing(Map<TopicPartition, Long> committed, long nowNanos) {
        GroupReading now = reading;
        if (now == null || nowNanos - readNanos > OUTDATED_AFTER.toNanos()) {
            return new Unseen();
        }
        Set<String> missing = new TreeSet<>(absent);
        missing.removeAll(justWritten.get());
        if (!missing.isEmpty()) {
            return hollow(
                    "topic-missing",
                    "topic " + String.join(", ", missing) + " does not exist yet, so nothing can be consumed there."
                            + " The relay creates a topic with its first event. If projection " + projection.name()
                            + " is not to wait for that, create the topic, or correct projections[].topics and restart"
                            + " the relay",
                    nowNanos);
        }
        if (!now.isFound() && committedTopics.isEmpty() && committed.isEmpty()) {
            return hollow(
                    "group-unknown",
                    "Kafka does not know group " + projection.group() + ": no consumer has ever used it, or its"
                            + " offsets have expired. Start the consumers of projection " + projection.name()
                            + ", or correct projections[].group and restart the relay",
                    readNanos);
        }
        return readsWhatIsDeclared(now, committed);
    }

    private static Hollow hollow(String code, String reason, long seenNanos) {
        return new Hollow(new Doubt(code, reason), seenNanos);
    }

    private Footing readsWhatIsDeclared(GroupReading now, Map<TopicPartition, Long> committed) {
        if (now.assigned().containsAll(projection.topics())) {
            return new Firm();
        }
        Set<String> shown = new HashSet<>(committedTopics);
        committed.keySet().forEach(partition -> shown.add(partition.topic()));
        shown.addAll(now.assigned());
        if (now.members() == 0 || !now.isSettled()) {
            shown.addAll(assigned);
        }
        Set<String> unread = new TreeSet<>(projection.topics());
        unread.removeAll(shown);
        boolean assignsItself =
                now.members() == 0 && unread.size() < projection.topics().size();
        if (unread.isEmpty() || assignsItself) { // it commits in a topic only once there is something to consume
            return new Firm();
        }
        return hollow(
                "topic-not-read",
                "group " + projection.group() + " does not read " + String.join(", ", unread) + ", which projection "
                        + projection.name() + " declares: "
                        + (now.members() == 0
                                ? "it has no members and has committed nothing there"
                                : "none of its " + now.members() + " members has a partition of it"
                                        + (now.isSettled() ? "" : " yet, it is just being rebalanced"))
                        + ". Start consumers that subscribe to it, or correct projections[] and restart the relay",
                readNanos);
    }
}
