// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.demo;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;

/**
 * The results of a demo run.
 *
 * @param written events committed by this run
 * @param published number of these events that are readable in Kafka
 * @param missing in the whole history of the data
 * @param duplicated in the whole history of the data
 * @param outOfOrder in the whole history of the data
 * @param staleReadsWithoutToken stale reads right after a commit
 * @param staleReadsWithToken stale reads among the same reads, repeated after {@code success}
 * @param reads number of reads of each kind
 * @param eventsPerSecond from the first commit to the last arrival
 * @param latencyP50Millis from commit to the arrival at the projection's consumer
 */
record Summary(
        int written,
        int published,
        int missing,
        int duplicated,
        int outOfOrder,
        int staleReadsWithoutToken,
        int staleReadsWithToken,
        int reads,
        long eventsPerSecond,
        double latencyP50Millis,
        double latencyP99Millis) {

    /** Whether no event was missing, repeated or out of order, and no read was stale after {@code success}. */
    boolean isClean() {
        return written == published && missing == 0 && duplicated == 0 && outOfOrder == 0 && staleReadsWithToken == 0;
    }

    String toJson() {
        ObjectNode json = new ObjectMapper().createObjectNode();
        return json.put("written", written)
                .put("published", published)
                .put("missing", missing)
                .put("duplicated", duplicated)
                .put("outOfOrder", outOfOrder)
                .put("staleReadsWithoutToken", staleReadsWithoutToken)
                .put("staleReadsWithToken", staleReadsWithToken)
                .put("reads", reads)
                .put("eventsPerSecond", eventsPerSecond)
                .put("latencyP50Millis", latencyP50Millis)
                .put("latencyP99Millis", latencyP99Millis)
                .toString();
    }

    String toText() {
        return String.format(
                Locale.ROOT,
                """
                written                    %d
                published                  %d
                missing                    %d
                duplicated                 %d
                out of order               %d
                stale reads without token  %d of %d
                stale reads with token     %d of %d
                throughput                 %d events/s
                commit to consumer         p50 %.1f ms, p99 %.1f ms
                """,
                written,
                published,
                missing,
                duplicated,
                outOfOrder,
                staleReadsWithoutToken,
                reads,
                staleReadsWithToken,
                reads,
                eventsPerSecond,
                latencyP50Millis,
                latencyP99Millis);
    }
}
