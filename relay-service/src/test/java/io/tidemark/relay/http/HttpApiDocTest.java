// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.tidemark.relay.http.response.ProblemType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** {@code docs/http-api.md} describes exactly the paths, statuses and bodies of the OpenAPI file. */
class HttpApiDocTest {

    private static final Path PAGE = Path.of("..", "docs", "http-api.md");
    private static final Pattern HEADING = Pattern.compile("## ([A-Z]+ /v1/\\S+)");
    private static final Pattern STATUS = Pattern.compile("\\| ([0-9]{3}) \\|.*");
    private static final Pattern SCHEMA = Pattern.compile("#/components/schemas/([A-Za-z]+)\"");

    private static JsonNode openApi() throws IOException {
        try (InputStream file = Objects.requireNonNull(OpenApiResource.class.getResourceAsStream("openapi.yaml"))) {
            return new YAMLMapper().readTree(file);
        }
    }

    /** Operation to the statuses it can answer. */
    private static Map<String, Set<String>> described() throws IOException {
        Map<String, Set<String>> operations = new TreeMap<>();
        for (Map.Entry<String, JsonNode> path : openApi().path("paths").properties()) {
            for (Map.Entry<String, JsonNode> method : path.getValue().properties()) {
                Set<String> statuses = new TreeSet<>();
                method.getValue().path("responses").fieldNames().forEachRemaining(statuses::add);
                operations.put(method.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey(), statuses);
            }
        }
        return operations;
    }

    private static Map<String, Set<String>> documented() throws IOException {
        Map<String, Set<String>> operations = new TreeMap<>();
        Set<String> statuses = new TreeSet<>(); // for text before the first path
        for (String line : Files.readAllLines(PAGE)) {
            Matcher heading = HEADING.matcher(line);
            Matcher status = STATUS.matcher(line);
            if (heading.matches()) {
                statuses = new TreeSet<>();
                operations.put(heading.group(1), statuses);
            } else if (line.startsWith("## ")) {
                statuses = new TreeSet<>();
            } else if (status.matches()) {
                statuses.add(status.group(1));
            }
        }
        return operations;
    }

    @Test
    void everyPathAndStatusIsDocumentedAndNoOther() throws IOException {
        assertThat(documented()).isEqualTo(described());
    }

    @Test
    void everyBodyOfAnAnswerIsNamed() throws IOException {
        String page = Files.readString(PAGE);
        Matcher schema = SCHEMA.matcher(openApi().path("paths").toString());
        Set<String> bodies = new TreeSet<>();
        while (schema.find()) {
            bodies.add(schema.group(1));
        }
        bodies.removeAll(Set.of("Problem", "BarrierRequest", "Standings")); // described in prose

        assertThat(bodies).isNotEmpty().allSatisfy(body -> assertThat(page).contains("`" + body + "`"));
    }

    @Test
    void everyTypeOfProblemIsDocumentedAsItIsServed() throws IOException {
        String page = Files.readString(PAGE);

        assertThat(ProblemType.values())
                .allSatisfy(type -> assertThat(page)
                        .contains("| `" + type.code() + "` | " + type.status() + " | " + type.meaning() + " |"));
    }

    @Test
    void everyPathDocumentsTheBearerToken() throws IOException {
        assertThat(described())
                .allSatisfy((operation, statuses) ->
                        assertThat(statuses).as(operation).contains("401"));
        assertThat(openApi().at("/components/securitySchemes/bearer/scheme").asText())
                .isEqualTo("bearer");
    }
}
