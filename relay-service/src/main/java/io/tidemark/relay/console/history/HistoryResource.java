// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.console.history;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.relay.http.response.Problem;
import io.tidemark.relay.http.response.ProblemType;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code GET /v1/history}: the last minutes of this replica, from memory. */
@Path("/v1/history")
@Produces(MediaType.APPLICATION_JSON)
public final class HistoryResource {

    private final History history;

    public HistoryResource(History history) {
        this.history = history;
    }

    @GET
    public ObjectNode history(@QueryParam("minutes") @Nullable String minutes) {
        return body(minutes == null ? History.MOST_MINUTES : minutes(minutes));
    }

    /** The body of the answer. */
    public ObjectNode body(int minutes) {
        List<HistorySample> samples = history.last(minutes + 1);
        return new HistoryJson(samples, samples.size() - history.last(minutes).size()).body();
    }

    private static int minutes(String text) {
        int minutes = text.matches("[0-9]{1,2}") ? Integer.parseInt(text) : 0;
        if (minutes < 1 || minutes > History.MOST_MINUTES) {
            throw Problem.of(
                    ProblemType.MALFORMED_PARAMETER,
                    "minutes is not a whole number from 1 to " + History.MOST_MINUTES + "; write for example 60");
        }
        return minutes;
    }
}
