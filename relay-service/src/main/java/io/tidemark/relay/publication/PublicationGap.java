// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publication;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.source.SlotState;
import java.util.List;
import java.util.Optional;

/**
 * Events that may never have come through the stream: those committed in {@code (after, upTo]}.
 *
 * @param reason the cause, what it means for the events, and what to do
 */
public record PublicationGap(String reason, Lsn after, Lsn upTo) {

    private static final String WHAT_TO_DO = "To continue on purpose, with that range recorded as left out, run:"
            + " tidemark adopt CONFIG. Once the relay runs, tidemark audit CONFIG lists the rows that are missing, and"
            + " tidemark replay CONFIG --unaccounted --yes publishes them";

    /**
     * Compares the state at the start of a run with the recorded state.
     *
     * @param recorded empty when nothing was recorded: then there is nothing to compare with
     * @param now what was seen
     * @param slot in its present state
     * @param published the LSN up to which Kafka has whole transactions
     * @param upTo the end of the WAL, read after {@code now}
     * @return empty when nothing was changed, or when that is in doubt
     */
    public static Optional<PublicationGap> since(
            Optional<PublicationRecord> recorded,
            PublicationLook now,
            Optional<SlotState> slot,
            Optional<Lsn> published,
            Lsn upTo) {
        if (recorded.isEmpty()) {
            return Optional.empty();
        }
        PublicationState before = recorded.get().state();
        // a slot that was made again is confirmed beyond what is published, and says nothing about the time before
        Lsn after = slot.map(SlotState::confirmed)
                .filter(confirmed -> published.isPresent() && published.get().isAtLeast(confirmed))
                .orElse(recorded.get().confirmed());
        if (now instanceof PublicationLook.Seen seen) {
            return between(before, seen.state(), after, upTo);
        }
        return now instanceof PublicationLook.Missing missing
                ? Optional.of(missing(missing.reason(), after, upTo))
                : Optional.empty();
    }

    /**
     * Another slot or table than the recorded one: a second relay for the same source, or a planned move of the source.
     */
    public static Optional<PublicationGap> ofOtherConfiguration(
            PublicationRecord recorded, String slot, String table, Lsn upTo) {
        return otherConfiguration(recorded.state(), slot, table, recorded.confirmed(), upTo);
    }

    /**
     * @param after everything committed at or below it certainly came through the stream
     * @return empty when nothing was changed
     */
    static Optional<PublicationGap> between(PublicationState before, PublicationState now, Lsn after, Lsn upTo) {
        if (now.equals(before)) {
            return Optional.empty();
        }
        return otherConfiguration(before, now.slot(), now.table(), after, upTo)
                .or(() -> Optional.of(new PublicationGap(
                        String.join("; ", now.differencesFrom(before)) + ". " + lost(after, upTo), after, upTo)));
    }

    private static Optional<PublicationGap> otherConfiguration(
            PublicationState before, String slot, String table, Lsn after, Lsn upTo) {
        List<String> differences = before.differencesOf(slot, table);
        return differences.isEmpty()
                ? Optional.empty()
                : Optional.of(new PublicationGap(
                        String.join("; ", differences)
                                + ". Relays with different configurations for one source leave out each other's events."
                                + " If this configuration is the wrong one, set postgres.slot to " + before.slot()
                                + " and outbox to table " + before.table() + ". If the source is to move: events"
                                + " committed in " + range(after, upTo) + " may never have come through the stream. "
                                + WHAT_TO_DO,
                        after,
                        upTo));
    }

    /** The publication or the table does not exist. */
    static PublicationGap missing(String reason, Lsn after, Lsn upTo) {
        return new PublicationGap(
                reason + " any more; to make it again, run: tidemark init CONFIG. " + lost(after, upTo), after, upTo);
    }

    /** A child of the table is unlogged or foreign. */
    static PublicationGap hidden(String child, String table, Lsn after, Lsn upTo) {
        return new PublicationGap(
                "table " + child + ", a child of " + table + ", is unlogged or foreign: the WAL does not have its rows."
                        + " Events committed in " + range(after, upTo) + " may never have come through the stream. Run:"
                        + " alter table " + child + " set logged (or detach it). Once the relay runs, tidemark audit"
                        + " CONFIG lists the rows that are missing in Kafka, and tidemark replay CONFIG --unaccounted"
                        + " --yes publishes them",
                after,
                upTo);
    }

    private static String lost(Lsn after, Lsn upTo) {
        return "Events committed in " + range(after, upTo) + " may never have come through the stream; then Kafka does"
                + " not have them, and a token for them is not answered success. " + WHAT_TO_DO;
    }

    private static String range(Lsn after, Lsn upTo) {
        return "(" + after + ", " + upTo + "]";
    }
}
