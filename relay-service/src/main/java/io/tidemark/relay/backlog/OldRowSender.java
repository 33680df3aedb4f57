// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.backlog;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.OwnTopics;
import io.tidemark.outbox.Position;
import io.tidemark.relay.capture.CapturedEvent;
import io.tidemark.relay.failpoint.Failpoint;
import io.tidemark.relay.position.BacklogProgress;
import io.tidemark.relay.position.TopicIds;
import io.tidemark.relay.publish.KafkaTransaction;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.publish.PublishedTopics;
import io.tidemark.relay.publish.Refusal;
import io.tidemark.relay.route.OutgoingEvent;
import io.tidemark.relay.route.PoisonEvent;
import io.tidemark.relay.route.Router;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Sends old rows; each batch goes into one Kafka transaction, together with the progress. One thread. */
final class OldRowSender {

    /** If Kafka refuses more events of a batch than this, the batch is not sent again: the topics accept too little. */
    private static final int MAX_REFUSED = 100;

    private final KafkaTransaction kafka;
    private final PublishedTopics topics;
    private final Router router;
    private final String sourceId;
    private final int timeline;

    OldRowSender(KafkaTransaction kafka, PublishedTopics topics, Router router, String sourceId, int timeline) {
        this.kafka = kafka;
        this.topics = topics;
        this.router = router;
        this.sourceId = sourceId;
        this.timeline = timeline;
    }

    /**
     * Returns when Kafka has all rows of the batch and the progress.
     *
     * @param before the progress that Kafka has
     * @return the progress that Kafka has now
     * @throws PublishFailure when none of the rows is published, or it is unknown whether all are; the next run reads
     *     that from Kafka
     */
    BacklogProgress send(List<OldRow> batch, BacklogProgress before) throws PublishFailure, InterruptedException {
        Map<Position, Refusal> refused = new HashMap<>();
        while (true) {
            try {
                return sendOnce(batch, before, refused);
            } catch (PoisonEvent e) {
                kafka.abort();
                throw PublishFailure.halt(
                        "old " + e.getMessage() + ". Neither it nor any old row behind it is published; " + goOn(), e);
            } catch (PublishFailure e) {
                Refusal refusal = kafka.takeBackIfRefused().orElseThrow(() -> e);
                if (refused.put(refusal.event(), refusal) != null || refused.size() > MAX_REFUSED) {
                    throw PublishFailure.halt(
                            "Kafka has refused old rows again, or more than " + MAX_REFUSED + " of one batch; the last "
                                    + refusal.reason() + ". Nothing behind them is published. Raise what the topic"
                                    + " takes (max.message.bytes), " + goOn(),
                            e);
                }
            }
        }
    }

    private BacklogProgress sendOnce(List<OldRow> batch, BacklogProgress before, Map<Position, Refusal> refused)
            throws PublishFailure, InterruptedException {
        topics.begin();
        kafka.begin();
        long sent = 0;
        long deadLetters = 0;
        long gone = 0;
        for (OldRow row : batch) {
            if (row.event().isEmpty()) {
                gone++;
                continue;
            }
            CapturedEvent event = row.event().get();
            Position place = place(before.slotBegan(), row.number());
            try {
                kafka.send(addressed(event, before.replayId(), refused.get(place)), place);
                sent++;
            } catch (PoisonEvent poison) {
                kafka.send(router.deadLetterOfReplay(event, place, before.replayId(), poison, Instant.now()), place);
                deadLetters++;
            }
            Failpoint.MID_SEND.reach();
        }
        BacklogProgress after = before.advance(batch.get(batch.size() - 1).number(), sent, deadLetters, gone);
        Map<String, byte @Nullable []> records = new HashMap<>();
        records.put(BacklogProgress.key(sourceId), after.toJson());
        topics.toRecord().ifPresent(ids -> records.put(TopicIds.key(sourceId), ids));
        kafka.commit(OwnTopics.POSITIONS, records);
        topics.committed();
        Failpoint.AFTER_COMMIT.reach();
        return after;
    }

    /** Only distinguishes rows, here and among the dead letters; no consumer sees it. */
    private Position place(Lsn slotBegan, long number) {
        return new Position(timeline, slotBegan, Math.toIntExact(number));
    }

    private OutgoingEvent addressed(CapturedEvent event, String replayId, @Nullable Refusal refusal)
            throws PublishFailure, InterruptedException {
        String name = "event " + event.id();
        OutgoingEvent outgoing = router.replay(event, replayId, Optional.empty());
        String tooLarge = kafka.tooLarge(outgoing);
        if (tooLarge != null) {
            throw new PoisonEvent(name, tooLarge, "raise max.request.size in kafka.properties", null);
        }
        if (refusal != null) {
            throw new PoisonEvent(
                    name,
                    refusal.reason(),
                    "change what the topic " + outgoing.topic() + " takes (max.message.bytes for example)",
                    null);
        }
        try {
            topics.use(outgoing.topic());
        } catch (PublishFailure e) {
            if (!e.isAboutTheTopic()) {
                throw e;
            }
            throw new PoisonEvent(
                    name,
                    "would go to topic '" + outgoing.topic() + "', which cannot be made: " + e.getMessage(),
                    "make the topic, or change routes.topic or kafka.topics",
                    e);
        }
        return outgoing;
    }

    private static String goOn() {
        return "then run again, it continues where it was: tidemark init CONFIG --existing publish";
    }
}
