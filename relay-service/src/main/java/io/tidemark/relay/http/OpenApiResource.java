// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http;

import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import java.io.InputStream;
import java.util.Objects;

/** {@code GET /v1/openapi.yaml}: the description of this interface. Tests check the answers against it. */
@Path("/v1/openapi.yaml")
public final class OpenApiResource {

    @GET
    @Produces("application/yaml")
    public InputStream openApi() {
        return Objects.requireNonNull(OpenApiResource.class.getResourceAsStream("openapi.yaml"), "is in this JAR");
    }
}
