// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.replay;

import io.tidemark.relay.publish.PlainPublisher;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Counts the outcomes of one replay. The replay's thread counts what it sends; Kafka's client reports each outcome on
 * another thread. An event counts as published once Kafka has it. Until then a continued replay must send it again.
 */
final class ReplayCount {

    private static final int MOST_REASONS = 20;

    private final Map<String, Long> topics = new TreeMap<>();
    private final List<String> reasons = new ArrayList<>();
    /** Creation times of the events that Kafka has not answered for, in the order of sending. */
    private final SortedMap<Long, Instant> unanswered = new TreeMap<>();

    private long refused;
    private long sent;
    private @Nullable Instant lastSent;

    /** This number of events goes to that topic, or would. */
    synchronized void publish(String topic, long events) {
        topics.merge(topic, events, Long::sum);
    }

    /** This number of events cannot be published, and that does not change without action. */
    synchronized void refuse(long events, String reason) {
        refused += events;
        if (reasons.size() < MOST_REASONS) {
            reasons.add(reason);
        }
    }

    /**
     * The event is about to be sent.
     *
     * @param event names it in a reason
     * @param createdAt not before that of the event sent before
     */
    synchronized PlainPublisher.Delivery send(String event, String topic, Instant createdAt) {
        long number = sent++;
        unanswered.put(number, createdAt);
        lastSent = createdAt;
        return new PlainPublisher.Delivery() {
            @Override
            public void acknowledged() {
                answered(number);
                publish(topic, 1);
            }

            @Override
            public void refused(String reason) {
                answered(number);
                refuse(1, event + " " + reason);
            }
        };
    }

    private synchronized void answered(long number) {
        unanswered.remove(number);
    }

    synchronized ReplaySummary summary() {
        return new ReplaySummary(topics, refused, reasons);
    }

    /** How far the replay came, and how to continue. Call this only when nothing is in flight. */
    synchronized String brokenOff(String replayId) {
        StringBuilder text = new StringBuilder(
                "replay " + replayId + " broke off with " + summary().events() + " events published");
        if (lastSent != null) {
            Instant from = unanswered.isEmpty() ? lastSent : unanswered.get(unanswered.firstKey());
            text.append("; continue with --from ")
                    .append(from)
                    .append(", which repeats what it has published from then on");
        }
        if (refused > 0) {
            text.append("; ")
                    .append(refused)
                    .append(" events cannot be published: ")
                    .append(reasons);
        }
        return text.toString();
    }
}
