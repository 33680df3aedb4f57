// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/**
 * The OpenAPI file is well formed, and a client of the last release still works. At a release, replace {@code
 * openapi-released.yaml} with the file of that release.
 */
class OpenApiStabilityTest {

    private static JsonNode read(String name) throws IOException {
        try (InputStream file = Objects.requireNonNull(OpenApiResource.class.getResourceAsStream(name))) {
            return new YAMLMapper().readTree(file);
        }
    }

    @Test
    void aClientOfTheLastReleaseStillWorks() throws IOException {
        assertThat(OpenApiChanges.incompatible(read("openapi-released.yaml"), read("openapi.yaml")))
                .isEmpty();
    }

    private static List<String> afterChange(Consumer<ObjectNode> change) throws IOException {
        JsonNode before = read("openapi.yaml");
        ObjectNode after = before.deepCopy();
        change.accept(after);
        return OpenApiChanges.incompatible(before, after);
    }

    private static ObjectNode at(ObjectNode file, String pointer) {
        return (ObjectNode) file.at(pointer);
    }

    @Test
    void findsEveryKindOfIncompatibleChange() throws IOException {
        String watermark = "/paths/~1v1~1projections~1{name}~1watermark/get";

        assertThat(afterChange(file -> at(file, "/paths").remove("/v1/source")))
                .containsExactly("get /v1/source: removed");
        assertThat(afterChange(file -> ((ArrayNode) file.at(watermark + "/parameters")).remove(1)))
                .containsExactly("get /v1/projections/{name}/watermark: parameter token removed");
        assertThat(afterChange(file -> at(file, watermark + "/parameters/1").put("required", true)))
                .containsExactly("get /v1/projections/{name}/watermark: parameter token is required now");
        assertThat(afterChange(file -> at(file, watermark + "/responses").remove("410")))
                .containsExactly("get /v1/projections/{name}/watermark 410: status removed");
        assertThat(afterChange(file ->
                        at(file, "/components/schemas/Standing/properties").remove("lagBytes")))
                .contains("Standing: field lagBytes removed");
        assertThat(afterChange(file -> ((ArrayNode) file.at("/components/schemas/AnswerBody/required")).remove(0)))
                .containsExactly("AnswerBody: field status is optional now");
        assertThat(afterChange(file -> ((ArrayNode) file.at("/components/schemas/Status/enum")).add("maybe")))
                .containsExactly("Status: value maybe added");
        assertThat(afterChange(file -> at(file, "/components/schemas/Evidence/properties/ageMillis")
                        .put("type", "string")))
                .hasSize(1)
                .first()
                .asString()
                .startsWith("Evidence.ageMillis: type changed");
        assertThat(afterChange(file -> at(file, "/components/schemas/BarrierRequest")
                        .putArray("required")
                        .add("mode")))
                .containsExactly("post /v1/wait body: field mode is required now");
        assertThat(afterChange(file -> at(file, "/components/schemas/BarrierRequest/properties/mode")
                        .put("default", "any")))
                .hasSize(1)
                .first()
                .asString()
                .contains("default changed");
    }

    @Test
    void allowsAdditions() throws IOException {
        assertThat(afterChange(file -> {
                    at(file, "/paths").putObject("/v1/more").putObject("get");
                    at(file, "/components/schemas/Standing/properties")
                            .putObject("more")
                            .put("type", "string");
                    at(file, "/components/schemas/BarrierRequest/properties")
                            .putObject("more")
                            .put("type", "string");
                }))
                .isEmpty();
    }

    @Test
    void everyOperationIsDescribed() throws IOException {
        List<String> findings = new ArrayList<>();
        Set<String> ids = new HashSet<>();
        JsonNode file = read("openapi.yaml");
        for (Map.Entry<String, JsonNode> path : file.path("paths").properties()) {
            for (Map.Entry<String, JsonNode> method : path.getValue().properties()) {
                lint(method.getKey() + " " + path.getKey(), path.getKey(), method.getValue(), findings);
                if (!ids.add(method.getValue().path("operationId").asText())) {
                    findings.add(path.getKey() + ": operationId is used twice");
                }
            }
        }

        assertThat(findings).isEmpty();
    }

    private static void lint(String where, String path, JsonNode operation, List<String> findings) {
        for (String key : List.of("operationId", "summary")) {
            if (operation.path(key).asText().isBlank()) {
                findings.add(where + ": no " + key);
            }
        }
        for (JsonNode parameter : operation.path("parameters")) {
            String name = parameter.path("name").asText();
            boolean isInPath = parameter.path("in").asText().equals("path");
            if (parameter.path("description").asText().isBlank()
                    || !parameter.path("schema").isObject()) {
                findings.add(where + ": parameter " + name + " has no description or no schema");
            }
            if (isInPath != path.contains("{" + name + "}")) {
                findings.add(where + ": parameter " + name + " and the path do not agree");
            }
            if (isInPath && !parameter.path("required").asBoolean()) {
                findings.add(where + ": path parameter " + name + " is not required");
            }
        }
        if (!operation.path("responses").has("400")
                || !operation.path("responses").has("401")) {
            findings.add(where + ": 400 and 401 are not described");
        }
    }

    /** Every reference leads somewhere, every schema is used, and what is required is declared. */
    @Test
    void everyPartFitsTheOthers() throws IOException {
        JsonNode file = read("openapi.yaml");
        Set<String> references = new TreeSet<>();
        file.findValuesAsText("$ref").forEach(references::add);

        assertThat(references)
                .allSatisfy(
                        reference -> assertThat(file.at(reference.substring(1)).isObject())
                                .as(reference)
                                .isTrue());
        for (Map.Entry<String, JsonNode> schema : file.at("/components/schemas").properties()) {
            assertThat(references).contains("#/components/schemas/" + schema.getKey());
            for (JsonNode parent : schema.getValue().findParents("required")) {
                parent.path("required").forEach(name -> {
                    if (parent.path("type").asText().equals("object")) { // not in a condition
                        assertThat(parent.path("properties").has(name.asText()))
                                .as(schema.getKey() + "." + name)
                                .isTrue();
                    }
                });
            }
        }
    }
}
