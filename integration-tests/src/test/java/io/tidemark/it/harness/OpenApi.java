// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion.VersionFlag;
import io.tidemark.relay.http.OpenApiResource;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;

/** The OpenAPI file of a relay, for checking its answers. */
public final class OpenApi {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final JsonNode file;

    private OpenApi(JsonNode file) {
        this.file = file;
    }

    /** The file that the relay serves. */
    public static OpenApi of(RelayProcess relay) throws IOException, InterruptedException {
        return new OpenApi(
                new YAMLMapper().readTree(relay.send("/v1/openapi.yaml").body()));
    }

    /** The packaged file. */
    public static OpenApi packaged() throws IOException {
        try (InputStream yaml = OpenApiResource.class.getResourceAsStream("openapi.yaml")) {
            return new OpenApi(new YAMLMapper().readTree(Objects.requireNonNull(yaml)));
        }
    }

    /** Whether the path and method are described. */
    public boolean describes(String method, String path) {
        return file.path("paths").path(path).has(method);
    }

    /** Fails if the answer does not match the schema of that name, and lists every difference. */
    public JsonNode hold(JsonNode answer, String schemaName) {
        assertThat(file.at("/components/schemas/" + schemaName).isObject())
                .as("schema " + schemaName)
                .isTrue();
        ObjectNode root = JSON.createObjectNode().put("$ref", "#/components/schemas/" + schemaName);
        root.set("components", file.path("components"));
        JsonSchema schema = JsonSchemaFactory.getInstance(VersionFlag.V202012).getSchema(root);

        assertThat(schema.validate(answer))
                .as("%s against schema %s", answer, schemaName)
                .isEmpty();
        return answer;
    }
}
