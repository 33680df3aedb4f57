// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http.server;

import jakarta.servlet.FilterChain;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/**
 * Disables the commands of Dropwizard's admin port. It accepts them without authentication, and one of them can set
 * loggers that hold secrets to DEBUG.
 */
public final class NoTasks extends HttpFilter {

    /** The paths to which the filter applies. */
    public static final String PATH = "/tasks/*";

    private static final long serialVersionUID = 1;

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException {
        response.sendError(HttpServletResponse.SC_NOT_FOUND);
    }
}
