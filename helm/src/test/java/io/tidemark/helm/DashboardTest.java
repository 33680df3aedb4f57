// SPDX-License-Identifier: Apache-2.0
package io.tidemark.helm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The dashboard uses metrics that exist, of one relay, and begins with the most important answers. */
class DashboardTest {

    private static final Path FILE = Chart.DIRECTORY.resolve("files/dashboard.json");

    private static JsonNode dashboard() throws IOException {
        return new ObjectMapper().readTree(FILE.toFile());
    }

    private static List<String> expressions() throws IOException {
        List<String> expressions = new ArrayList<>();
        for (JsonNode panel : dashboard().path("panels")) {
            panel.path("targets")
                    .forEach(target -> expressions.add(target.path("expr").asText()));
        }
        return expressions;
    }

    @Test
    void usesMetricsThatExist() throws IOException {
        Set<String> asked = new TreeSet<>();
        for (String expression : expressions()) {
            asked.addAll(MetricNames.in(expression));
        }

        assertThat(asked).hasSizeGreaterThan(25);
        assertThat(MetricNames.exported()).containsAll(asked);
    }

    /** The test replaces the variables, as Grafana does. */
    @Test
    void everyQueryParses(@TempDir Path directory) throws IOException, InterruptedException {
        ObjectNode rules = Chart.YAML.createObjectNode();
        ArrayNode group =
                rules.putArray("groups").addObject().put("name", "dashboard").putArray("rules");
        for (String expression : expressions()) {
            assertThat(expression).isNotBlank();
            group.addObject()
                    .put("record", "panel:" + group.size())
                    .put("expr", expression.replace("$__rate_interval", "1m").replace("$job", "tidemark"));
        }
        Path file = directory.resolve("rules.yaml");
        Chart.YAML.writeValue(file.toFile(), rules);

        assertThat(Promtool.run("check", "rules", file.toString())).contains(group.size() + " rules found");
    }

    @Test
    void selectsOneRelayOnly() throws IOException {
        assertThat(expressions())
                .isNotEmpty()
                .allSatisfy(expression -> assertThat(expression.split("job=~\"\\$job\"", -1).length)
                        .as(expression)
                        .isEqualTo(expression.split("\\{job", -1).length)
                        .isGreaterThan(1));
        assertThat(dashboard().path("templating").path("list"))
                .extracting(variable -> variable.path("name").asText())
                .containsExactly("datasource", "job");
    }

    /** Is one active, is it lagging, is the slot safe, are the projections caught up? */
    @Test
    void beginsWithFourAnswers() throws IOException {
        List<String> first = new ArrayList<>();
        for (JsonNode panel : dashboard().path("panels")) {
            if (panel.at("/gridPos/y").asInt() == 1) {
                assertThat(panel.path("type").asText()).isEqualTo("stat");
                assertThat(panel.path("description").asText()).isNotEmpty();
                first.add(panel.path("title").asText());
            }
        }

        assertThat(first)
                .containsExactly(
                        "Is one active?", "Is it lagging?", "Is the slot safe?", "Are the projections caught up?");
    }

    @Test
    void panelsDoNotOverlap() throws IOException {
        Set<String> taken = new HashSet<>();
        Set<Integer> ids = new HashSet<>();
        for (JsonNode panel : dashboard().path("panels")) {
            assertThat(ids.add(panel.path("id").asInt())).isTrue();
            JsonNode place = panel.path("gridPos");
            assertThat(place.path("x").asInt() + place.path("w").asInt()).isLessThanOrEqualTo(24);
            for (int x = 0; x < place.path("w").asInt(); x++) {
                for (int y = 0; y < place.path("h").asInt(); y++) {
                    assertThat(taken.add((place.path("x").asInt() + x) + "/"
                                    + (place.path("y").asInt() + y)))
                            .as("%s", panel.path("title"))
                            .isTrue();
                }
            }
        }
    }

    @Test
    void isRenderedUnchanged() throws IOException {
        JsonNode map = Chart.render(Chart.ci("full")).stream()
                .filter(object -> object.at("/metadata/name").asText().endsWith("-dashboard"))
                .findFirst()
                .orElseThrow();

        assertThat(map.at("/metadata/labels/grafana_dashboard").asText()).isEqualTo("1");
        assertThat(map.at("/metadata/annotations/grafana_folder").asText()).isEqualTo("Relays");
        assertThat(map.path("data").path("shop-relay.json").asText().strip())
                .isEqualTo(Files.readString(FILE).strip());
    }
}
