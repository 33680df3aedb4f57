// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http.server;

import io.tidemark.relay.health.Readiness;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** {@code GET /ready} on the admin port: 200, or 503 with the reason. */
public final class ReadinessServlet extends HttpServlet {

    private static final long serialVersionUID = 1;

    private final transient Readiness readiness;

    public ReadinessServlet(Readiness readiness) {
        this.readiness = readiness;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Optional<String> whyNot = readiness.whyNot();
        response.setStatus(whyNot.isEmpty() ? HttpServletResponse.SC_OK : HttpServletResponse.SC_SERVICE_UNAVAILABLE);
        response.setContentType("text/plain");
        response.setCharacterEncoding(StandardCharsets.UTF_8.name());
        response.setHeader("Cache-Control", "no-store");
        response.getWriter().println(whyNot.orElse("ready"));
    }
}
