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
 * What became of the events of one replay. The replay's thread counts what it sends, and Kafka's client tells on its own
 * what came of it: an event counts as published once Kafka has it, and until then the replay has to come back to it.
 */
final class ReplayCount {

    private static final int MOST_REASONS = 20;

    private final Map<String, Long> topics = new TreeMap<>();
    private final List<String> reasons = new ArrayList<>();
    /** When those were created that Kafka has not answered for, by the order of their sending. */
    private final SortedMap<Long, Instant> unanswered = new TreeMap<>();

    private long refused;
    private long sent;
    private @Nullable Instant lastSent;

    /** So many go to that topic, or would. */
    synchronized void publish(String topic, long events) {
        topics.merge(topic, events, Long::sum);
    }

    /** So many cannot be published, and nothing changes that by itself. */
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
     * @param createdAt not before that of the one sent before
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

    /** How far it came, and how to get the rest; to be asked when nothing is under way any more. */
    synchronized String brokenOff(String replayId) {
        StringBuilder text = new StringBuilder(
                "replay " + replayId + " broke off with " + summary().events() + " events published");
        if (lastSent != null) {
            Instant from = unanswered.isEmpty() ? lastSent : unanswered.get(unanswered.firstKey());
            text.append("; go on with --from ")
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
