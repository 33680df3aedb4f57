// SPDX-License-Identifier: Apache-2.0
package io.tidemark.helm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** README, schema and comments describe the same values. */
class ReadmeTest {

    private static final Path README = Chart.DIRECTORY.resolve("README.md");
    private static final String BEGIN = "<!-- values: begin -->\n";
    private static final String END = "<!-- values: end -->\n";
    private static final Pattern KEY = Pattern.compile("^( *)([A-Za-z]+):");

    /** {@code -Dchart.readme=write} updates the README. */
    @Test
    void readmeHasTheCommentsOfTheValues() throws IOException {
        String readme = Files.readString(README);
        int begin = readme.indexOf(BEGIN) + BEGIN.length();
        int end = readme.indexOf(END);
        String expected = readme.substring(0, begin) + table() + readme.substring(end);
        if (System.getProperty("chart.readme", "check").equals("write")) {
            Files.writeString(README, expected);
            return;
        }

        assertThat(readme)
                .as("to update it: mvn test -pl helm -am -Dtest=ReadmeTest"
                        + " -Dsurefire.failIfNoSpecifiedTests=false -Dchart.readme=write")
                .isEqualTo(expected);
    }

    @Test
    void everyValueIsDocumented() throws IOException {
        List<String> undocumented = new ArrayList<>();
        leaves("", values(), undocumented);
        undocumented.removeIf(leaf ->
                descriptions().keySet().stream().anyMatch(path -> leaf.equals(path) || leaf.startsWith(path + ".")));

        assertThat(undocumented).isEmpty();
    }

    /** A value without a schema would be rejected. A schema without a value could not be found. */
    @Test
    void schemaAndValuesHaveTheSameKeys() throws IOException {
        JsonNode schema = new ObjectMapper()
                .readTree(Chart.DIRECTORY.resolve("values.schema.json").toFile());

        compare("", values(), schema);
    }

    private static void compare(String path, JsonNode values, JsonNode schema) {
        if (!schema.has("properties")) {
            return;
        }
        Set<String> inSchema = names(schema.path("properties"));
        inSchema.remove("global"); // defined by Helm
        assertThat(inSchema).as("keys of the schema below '%s'", path).isEqualTo(names(values));
        values.properties()
                .forEach(value -> compare(
                        path + "." + value.getKey(),
                        value.getValue(),
                        schema.path("properties").path(value.getKey())));
    }

    @Test
    void chartHasTheVersionOfTheBuild() throws IOException {
        JsonNode chart =
                Chart.YAML.readTree(Chart.DIRECTORY.resolve("Chart.yaml").toFile());

        assertThat(chart.path("appVersion").asText()).isEqualTo(System.getProperty("project.version"));
    }

    private static String table() throws IOException {
        StringBuilder table = new StringBuilder("| value | default | meaning |\n| --- | --- | --- |\n");
        JsonNode values = values();
        for (Map.Entry<String, String> described : descriptions().entrySet()) {
            JsonNode value = values.at("/" + described.getKey().replace('.', '/'));
            assertThat(value.isMissingNode()).as("%s", described.getKey()).isFalse();
            String shown = value.isContainerNode() ? value.toString() : value.asText();
            table.append("| `")
                    .append(described.getKey())
                    .append("` | ")
                    .append(shown.isEmpty() ? "" : "`" + shown.replace("|", "\\|") + "`")
                    .append(" | ")
                    .append(described.getValue().replace("|", "\\|"))
                    .append(" |\n");
        }
        return table.toString();
    }

    /** By path, in the order of the file: the comment before a key, starting at {@code # --}. */
    private static Map<String, String> descriptions() {
        Map<String, String> descriptions = new LinkedHashMap<>();
        Deque<String> path = new ArrayDeque<>();
        String pending = "";
        for (String line : readLines()) {
            Matcher key = KEY.matcher(line);
            if (line.strip().startsWith("# -- ")) {
                pending = line.strip().substring("# -- ".length());
            } else if (key.find()) {
                while (path.size() > key.group(1).length() / 2) {
                    path.removeLast();
                }
                path.addLast(key.group(2));
                if (!pending.isEmpty()) {
                    descriptions.put(String.join(".", path), pending);
                    pending = "";
                }
            }
        }
        return descriptions;
    }

    private static List<String> readLines() {
        try {
            return Files.readAllLines(Chart.DIRECTORY.resolve("values.yaml"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode values() throws IOException {
        return Chart.YAML.readTree(Chart.DIRECTORY.resolve("values.yaml").toFile());
    }

    private static void leaves(String prefix, JsonNode node, List<String> leaves) {
        for (Map.Entry<String, JsonNode> entry : node.properties()) {
            String path = prefix + entry.getKey();
            if (entry.getValue().isObject() && !entry.getValue().isEmpty()) {
                leaves(path + ".", entry.getValue(), leaves);
            } else {
                leaves.add(path);
            }
        }
    }

    private static Set<String> names(JsonNode object) {
        Set<String> names = new TreeSet<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }
}
