// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.console;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.http.response.Problem;
import io.tidemark.relay.http.response.ResponseWriter;
import io.tidemark.relay.preflight.Preflight;
import io.tidemark.relay.reason.Reason;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.MediaType;

/** {@code GET /v1/setup} and {@code GET /v1/setup/check}: how this replica is configured, and whether that is right. */
@Path("/v1/setup")
@Produces(MediaType.APPLICATION_JSON)
public final class SetupResource {

    private final RelayConfiguration config;
    private final Searches searches;
    private final ResponseWriter answers;

    SetupResource(RelayConfiguration config, Searches searches, ResponseWriter answers) {
        this.config = config;
        this.searches = searches;
        this.answers = answers;
    }

    @GET
    public ObjectNode setup() {
        String version = SetupResource.class.getPackage().getImplementationVersion();
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("version", version == null ? "development" : version)
                .put("java", Runtime.version().toString());
        ObjectNode links = json.putObject("links");
        if (config.console().links().runbook() != null) {
            links.put("runbook", config.console().links().runbook());
        }
        if (config.console().links().grafana() != null) {
            links.put("grafana", config.console().links().grafana());
        }
        json.set("configuration", ShownConfiguration.of(config));
        return json;
    }

    /** The same as {@code tidemark check}, beside this relay. */
    @GET
    @Path("/check")
    public void check(@Suspended AsyncResponse response) {
        answers.give(
                response,
                searches.run(() -> Preflight.of(config)),
                SetupResource::body,
                failure -> Problem.unavailable("the check failed: " + Reason.of(failure)));
    }

    private static ObjectNode body(Preflight found) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        ArrayNode ok = json.putArray("ok");
        found.ok().forEach(ok::add);
        ArrayNode findings = json.putArray("findings");
        found.findings().forEach(findings::add);
        return json;
    }
}
