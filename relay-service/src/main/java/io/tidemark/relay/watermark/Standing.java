package io.tidemark.relay.watermark;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.ProjectionConfig;
import java.util.List;

/**
 * Where a projection stands.
 *
 * @param watermark everything at or below it is consumed
 * @param behind partitions that have yet to come up to {@code published}
 * @param lagRecords over all of its partitions, counting what the index asks for
 */
public record Standing(
        ProjectionConfig projection, Lsn watermark, Lsn published, List<Answer.Behind> behind, long lagRecords) {

    /** Bytes of WAL between its watermark and what is published. */
    public long lagBytes() {
        return published.value() - watermark.value();
    }
}
