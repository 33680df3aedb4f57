// SPDX-License-Identifier: Apache-2.0
package io.tidemark.helm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each alert is in a separate file beside its test, uses metrics that exist, and has a runbook. */
class AlertsTest {

    private static final Path DIRECTORY = Chart.DIRECTORY.resolve("files/alerts");
    private static final Path OPERATIONS = Chart.DIRECTORY.resolve("../../docs/operations.md");
    private static final String TEST = "_test.yaml";

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path directory;

    static List<String> alerts() {
        try (Stream<Path> files = Files.list(DIRECTORY)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> !name.endsWith(TEST))
                    .map(name -> name.replace(".yaml", ""))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode rule(String alert) throws IOException {
        JsonNode groups =
                Chart.YAML.readTree(DIRECTORY.resolve(alert + ".yaml").toFile()).path("groups");
        assertThat(groups).hasSize(1);
        assertThat(groups.get(0).path("rules")).hasSize(1);
        return groups.get(0).path("rules").get(0);
    }

    @Test
    void coverEveryStateThatNeedsAPerson() {
        assertThat(alerts())
                .containsExactly(
                        "dead-letters-growing",
                        "group-stalled",
                        "no-active",
                        "publish-lagging",
                        "publish-stalled",
                        "restart-loop",
                        "retention-high",
                        "slot-lost",
                        "slot-unreserved",
                        "two-active",
                        "unaccounted-rows",
                        "wait-timeouts");
    }

    @ParameterizedTest
    @MethodSource("alerts")
    void hasSummaryDescriptionAndRunbook(String alert) throws IOException {
        JsonNode rule = rule(alert);
        String name = rule.path("alert").asText();

        assertThat(name.toLowerCase(Locale.ROOT)).isEqualTo("tidemark" + alert.replace("-", ""));
        assertThat(Set.of("warning", "critical"))
                .contains(rule.at("/labels/severity").asText());
        assertThat(rule.path("for").asText()).matches("[0-9]+m");
        assertThat(rule.at("/annotations/summary").asText()).endsWith(".");
        assertThat(rule.at("/annotations/description").asText()).endsWith(".");
        assertThat(rule.at("/annotations/runbook_url").asText())
                .isEqualTo("docs/operations.md#" + name.toLowerCase(Locale.ROOT));
        assertThat(Files.readAllLines(OPERATIONS)).contains("### " + name);
    }

    @Test
    void everyRunbookBelongsToAnAlert() throws IOException {
        Set<String> names = new TreeSet<>();
        for (String alert : alerts()) {
            names.add("### " + rule(alert).path("alert").asText());
        }

        assertThat(Files.readAllLines(OPERATIONS))
                .filteredOn(line -> line.startsWith("### Tidemark"))
                .containsExactlyInAnyOrderElementsOf(names);
    }

    @ParameterizedTest
    @MethodSource("alerts")
    void usesOnlyMetricsOfOneRelay(String alert) throws IOException {
        String expression = rule(alert).path("expr").asText();
        Set<String> names = MetricNames.in(expression);

        assertThat(names).isNotEmpty();
        assertThat(MetricNames.exported()).containsAll(names);
        assertThat(expression.split("job=\"tidemark\"", -1).length - 1)
                .as("selectors with the job, in %s", expression)
                .isEqualTo(expression.split("\\b(tidemark|process)_[a-z_]+\\{", -1).length - 1);
    }

    @ParameterizedTest
    @MethodSource("alerts")
    void hasTestsInWhichItFiresAndInWhichItDoesNot(String alert) throws IOException {
        JsonNode test = Chart.YAML.readTree(DIRECTORY.resolve(alert + TEST).toFile());
        List<Boolean> fires = new ArrayList<>();
        for (JsonNode one : test.path("tests")) {
            for (JsonNode expected : one.path("alert_rule_test")) {
                assertThat(expected.path("alertname")).isEqualTo(rule(alert).path("alert"));
                fires.add(!expected.path("exp_alerts").isEmpty());
            }
            for (JsonNode series : one.path("input_series")) {
                assertThat(MetricNames.exported())
                        .containsAll(MetricNames.in(series.path("series").asText()));
            }
        }

        assertThat(test.at("/rule_files/0").asText()).isEqualTo(alert + ".yaml");
        assertThat(fires).contains(true, false);
    }

    @ParameterizedTest
    @MethodSource("alerts")
    void firesWhenItShould(String alert) throws IOException, InterruptedException {
        assertThat(Promtool.run(
                        "check", "rules", DIRECTORY.resolve(alert + ".yaml").toString()))
                .contains("SUCCESS");
        assertThat(Promtool.run("test", "rules", DIRECTORY.resolve(alert + TEST).toString()))
                .contains("SUCCESS");
    }

    /** All alerts select this release. */
    @Test
    void chartHasAllAlertsExceptDisabledOnes() {
        JsonNode rule = Chart.only(Chart.render(Chart.ci("full")), "PrometheusRule");
        List<String> names = new ArrayList<>();
        for (JsonNode group : rule.at("/spec/groups")) {
            JsonNode one = group.at("/rules/0");
            names.add(one.path("alert").asText());
            assertThat(one.path("expr").asText()).contains("job=\"shop/relay\"").doesNotContain("job=\"tidemark\"");
            assertThat(one.at("/labels/relay").asText()).isEqualTo("shop-relay");
            assertThat(one.at("/labels/namespace").asText()).isEqualTo("shop");
            assertThat(one.at("/annotations/runbook_url").asText())
                    .startsWith("https://docs.example.com/tidemark/operations.md#tidemark");
        }

        assertThat(names)
                .hasSize(alerts().size() - 1)
                .doesNotContain("TidemarkRetentionHigh")
                .contains("TidemarkNoActive");
    }

    @Test
    void renderedRulesPassPromtool() throws IOException, InterruptedException {
        JsonNode rule = Chart.only(Chart.render(Chart.ci("full")), "PrometheusRule");
        Path rendered = directory.resolve("rules.yaml");
        Chart.YAML.writeValue(rendered.toFile(), rule.path("spec"));

        assertThat(Promtool.run("check", "rules", rendered.toString())).contains("11 rules found");
    }

    @Test
    void selectTheJobOfThePodMonitor() throws IOException {
        Path values = Files.writeString(
                directory.resolve("values.yaml"), "{podMonitor: {enabled: true}, prometheusRule: {enabled: true}}");
        List<JsonNode> objects = Chart.render(Chart.ci("minimal"), values);
        JsonNode monitor = Chart.only(objects, "PodMonitor");
        JsonNode rule = Chart.only(objects, "PrometheusRule");

        assertThat(rule.at("/spec/groups")).hasSize(alerts().size());
        assertThat(rule.at("/spec/groups/0/rules/0/expr").asText())
                .contains("job=\"shop/" + monitor.at("/metadata/name").asText() + "\"");
        assertThat(monitor.at("/spec/podMetricsEndpoints/0/port").asText()).isEqualTo("admin");
        assertThat(Chart.only(objects, "Deployment")
                        .at("/spec/template/spec/containers/0/ports/1/name")
                        .asText())
                .isEqualTo("admin");
        monitor.at("/spec/selector/matchLabels")
                .properties()
                .forEach(label -> assertThat(Chart.only(objects, "Deployment")
                                .at("/spec/template/metadata/labels")
                                .get(label.getKey()))
                        .isEqualTo(label.getValue()));
    }
}
