// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.group;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;

/**
 * The observations of a group over time, and the state that follows from them. Follows the rules of Burrow, with one
 * exception: a group with nothing to consume is never behind, whatever the ends of its logs are. Confined to the
 * watermark thread.
 */
public final class GroupHistory {

    /** Time without members after which a group of subscribing consumers counts as stopped, not as restarting. */
    static final Duration STOPPED_AFTER = Duration.ofSeconds(10);

    private static final int UNKNOWN_MEMBERS = -1;

    private final long stalledNanos;
    private final long restartNanos;
    private Map<TopicPartition, Long> committed = Map.of();
    private boolean isSeen;
    /** For each partition that is behind: when it last moved, or was first seen behind. */
    private final Map<TopicPartition, Long> stillSince = new HashMap<>();
    /** The offset before it went back; only of partitions that are behind. */
    private final Map<TopicPartition, Long> rewoundFrom = new HashMap<>();

    private boolean isNotedRebuilding;
    private boolean isBehind;
    private long behindSince;
    private long memberlessSince;
    private boolean isMemberless;
    /** The consumers assign partitions themselves: the absence of members does not mean that they have stopped. */
    private boolean assignsItself;

    private boolean hasMovedMemberless;
    private int members = UNKNOWN_MEMBERS;
    private Set<TopicPartition> still = Set.of();
    private GroupState state = GroupState.UNKNOWN;
    private long stateSince = System.nanoTime();

    public GroupHistory(Duration stalledAfter) {
        this.stalledNanos = stalledAfter.toNanos();
        this.restartNanos = Math.min(stalledNanos, STOPPED_AFTER.toNanos());
    }

    /**
     * Records the number of members now.
     *
     * @param assignsItself whether Kafka reports a group that commits offsets without ever having members
     */
    public void seeMembers(int count, boolean assignsItself, long nowNanos) {
        members = count;
        this.assignsItself = assignsItself;
        if (count > 0) {
            isMemberless = false;
            hasMovedMemberless = false;
        } else if (!isMemberless) {
            isMemberless = true;
            memberlessSince = nowNanos;
        }
    }

    /** Records whether the group has noted that it is rebuilding its projection. */
    public void seeRebuilding(boolean isNoted) {
        isNotedRebuilding = isNoted;
    }

    /**
     * Records the group's committed offsets now.
     *
     * @param behind the partitions that have not reached what is published
     */
    public void see(Map<TopicPartition, Long> offsets, List<PartitionNeed> behind, long nowNanos) {
        boolean moved = hasMoved(offsets);
        Set<TopicPartition> late = new HashSet<>();
        for (PartitionNeed partition : behind) {
            TopicPartition key = partition.topicPartition();
            late.add(key);
            boolean hasMoved = offsets.getOrDefault(key, 0L) > committed.getOrDefault(key, 0L);
            if (hasMoved || !stillSince.containsKey(key)) {
                stillSince.put(key, nowNanos);
            }
        }
        stillSince.keySet().retainAll(late);
        noteRewinds(offsets, late);
        if (!isBehind) {
            behindSince = nowNanos;
        }
        isBehind = !late.isEmpty();
        if (moved && isMemberless) {
            memberlessSince = nowNanos;
            hasMovedMemberless = true;
        }
        committed = Map.copyOf(offsets);
        isSeen = true;
        enter(judge(late, nowNanos), nowNanos);
    }

    private boolean hasMoved(Map<TopicPartition, Long> offsets) {
        return offsets.entrySet().stream().anyMatch(now -> now.getValue() > committed.getOrDefault(now.getKey(), 0L));
    }

    /**
     * An offset somewhat below an earlier one does not count as gone back while the group has everything it needs:
     * offsets also count transaction markers, which some clients skip and others do not.
     */
    private void noteRewinds(Map<TopicPartition, Long> offsets, Set<TopicPartition> late) {
        for (TopicPartition partition : late) {
            long before = committed.getOrDefault(partition, 0L);
            if (offsets.getOrDefault(partition, 0L) < before) {
                rewoundFrom.merge(partition, before, Math::max);
            }
        }
        rewoundFrom
                .entrySet()
                .removeIf(entry ->
                        !late.contains(entry.getKey()) || offsets.getOrDefault(entry.getKey(), 0L) >= entry.getValue());
    }

    private GroupState judge(Set<TopicPartition> late, long nowNanos) {
        still = new HashSet<>(late);
        still.removeIf(partition -> nowNanos - stillSince.getOrDefault(partition, nowNanos) < stalledNanos);
        if (late.isEmpty()) {
            return GroupState.RUNNING;
        }
        long stoppedNanos = assignsItself || hasMovedMemberless ? stalledNanos : restartNanos;
        boolean isBehindLong = nowNanos - behindSince >= stoppedNanos;
        if (isMemberless && isBehindLong && nowNanos - memberlessSince >= stoppedNanos) {
            return GroupState.STOPPED;
        }
        if (!still.isEmpty() && !isMemberless) {
            return GroupState.STALLED;
        }
        if (isNotedRebuilding || !rewoundFrom.isEmpty()) {
            return GroupState.REBUILDING;
        }
        return nowNanos - behindSince >= stalledNanos ? GroupState.LAGGING : GroupState.RUNNING;
    }

    private void enter(GroupState next, long nowNanos) {
        if (next != state) {
            state = next;
            stateSince = nowNanos;
        }
    }

    /** Forgets the offsets, which no longer mean anything. */
    public void forget() {
        committed = Map.of();
        stillSince.clear();
        rewoundFrom.clear();
        isNotedRebuilding = false;
        isBehind = false;
        isSeen = false;
        enter(GroupState.UNKNOWN, System.nanoTime());
    }

    public GroupState state() {
        return isSeen ? state : GroupState.UNKNOWN;
    }

    public long sinceSeconds(long nowNanos) {
        return (nowNanos - stateSince) / 1_000_000_000;
    }

    /** -1 while not known. */
    public int members() {
        return members;
    }

    /** Partitions that are behind and have not moved for so long that the group counts as stalled. */
    public Set<TopicPartition> still() {
        return Set.copyOf(still);
    }

    /**
     * Whether waiting for these partitions does not help now.
     *
     * @param behind what a question needs and the group does not have
     */
    public boolean makesNoProgress(List<PartitionNeed> behind) {
        return switch (state()) {
            case STOPPED, REBUILDING -> true;
            case STALLED -> behind.stream().anyMatch(partition -> still.contains(partition.topicPartition()));
            case RUNNING, LAGGING, UNKNOWN -> false;
        };
    }
}
