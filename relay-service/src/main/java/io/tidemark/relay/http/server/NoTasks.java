// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http.server;

import jakarta.servlet.FilterChain;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/**
 * Dropwizard's admin port takes commands from anybody, one of them to log at DEBUG what holds secrets. Here there are
 * none.
 */
public final class NoTasks extends HttpFilter {

    /** What it is for. */
    public static final String PATH = "/tasks/*";

    private static final long serialVersionUID = 1;

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException {
        response.sendError(HttpServletResponse.SC_NOT_FOUND);
    }
}
