// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http.response;

import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.ExceptionMapper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns every error into a problem. Logs a bug with its stack trace, and does not disclose it to the caller. */
public final class ProblemMapper implements ExceptionMapper<Throwable> {

    private static final Logger LOG = LoggerFactory.getLogger(ProblemMapper.class);

    @Override
    public Response toResponse(Throwable failure) {
        if (failure instanceof WebApplicationException web) {
            Response response = web.getResponse();
            if (response.hasEntity()) {
                return response;
            }
            Response.StatusType status = response.getStatusInfo();
            return Problem.response(status.getStatusCode(), status.getReasonPhrase(), String.valueOf(web.getMessage()));
        }
        LOG.error("event=http-failed", failure);
        return Problem.response(ProblemType.INTERNAL_ERROR, "this is a bug; the relay's log has its trace");
    }
}
