// SPDX-License-Identifier: Apache-2.0
package io.tidemark.docs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion.VersionFlag;
import com.networknt.schema.ValidationMessage;
import io.tidemark.relay.config.ConfigurationProblem;
import io.tidemark.relay.config.file.ConfigurationFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.ParameterException;

/**
 * Every block of the documentation is checked, run by a test, or marked as not run. CONTRIBUTING.md has the rules.
 * {@code SqlBlocksIT} runs the SQL, {@code PagesIT} the pages that people follow step by step.
 */
class BlocksTest {

    private static final Set<String> LANGUAGES =
            Set.of("sh", "console", "text", "sql", "yaml", "json", "java", "python", "js", "php", "nginx", "caddyfile");
    private static final Set<String> NOT_CHECKED = Set.of("java", "python", "js", "php", "nginx", "caddyfile");
    private static final Pattern INLINE = Pattern.compile("`(?:bin/)?tidemark ([a-z][^`]*)`");
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{[A-Z_]+}");

    private static List<Block> blocks = List.of();

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path dir;

    @BeforeAll
    static void readPages() throws IOException {
        blocks = Repository.blocks();
        assertThat(blocks).hasSizeGreaterThan(80);
    }

    @Test
    void everyBlockNamesItsLanguage() {
        assertThat(blocks.stream().filter(block -> !LANGUAGES.contains(block.language())))
                .as("blocks whose language is not one of %s", LANGUAGES)
                .isEmpty();
    }

    @Test
    void commandsAreInShellBlocksOnly() {
        assertThat(blocks.stream().filter(block -> block.language().equals("text")))
                .allSatisfy(block -> assertThat(block.text())
                        .as(block.toString())
                        .doesNotContainPattern("(?m)^(\\$ |(bin/)?tidemark [a-z-]+ |mvn |psql |kubectl |helm |curl )"));
    }

    @Test
    void everyTidemarkCommandParses() {
        List<String> wrong = new ArrayList<>();
        int parsed = 0;
        for (Block block : blocks) {
            for (ShellCommand command : block.commands()) {
                if (command.isTidemark()) {
                    parsed++;
                    try {
                        TidemarkSyntax.parse(command.arguments());
                    } catch (ParameterException e) {
                        wrong.add(block + ": " + command.source() + ": " + e.getMessage());
                    }
                }
            }
        }

        assertThat(parsed).isGreaterThan(20);
        assertThat(wrong).as("commands that tidemark would reject").isEmpty();
    }

    /** Commands in running text have placeholders, so only their names and options are compared. */
    @Test
    void everyTidemarkCommandInRunningTextHasKnownOptions() throws IOException {
        List<String> wrong = new ArrayList<>();
        int found = 0;
        for (Path page : Repository.pages()) {
            Matcher inline = INLINE.matcher(Files.readString(page).replaceAll("(?ms)^ *```.*?^ *```$", ""));
            while (inline.find()) {
                found++;
                List<String> words = List.of(inline.group(1).split("\\s+", -1));
                TidemarkSyntax.unknownIn(words)
                        .forEach(word ->
                                wrong.add(Repository.ROOT.relativize(page) + ": " + inline.group() + ": " + word));
            }
        }

        assertThat(found).isGreaterThan(50);
        assertThat(wrong).as("unknown to tidemark").isEmpty();
    }

    @Test
    void everyMavenCommandNamesWhatExists() throws IOException {
        MavenCommand maven = new MavenCommand();
        List<String> wrong = new ArrayList<>();
        int found = 0;
        for (Block block : blocks) {
            for (ShellCommand command : block.commands()) {
                if (command.program().equals("mvn")) {
                    found++;
                    maven.unknown(command.arguments()).forEach(unknown -> wrong.add(block + ": no " + unknown));
                }
            }
        }

        assertThat(found).isGreaterThan(10);
        assertThat(wrong).isEmpty();
    }

    @Test
    void everyOtherCommandIsRunByATestOrMarked() {
        List<String> unmarked = new ArrayList<>();
        for (Block block : blocks) {
            if (NOT_CHECKED.contains(block.language()) && block.marker().isEmpty()) {
                unmarked.add(block + ": " + block.language());
            }
            for (ShellCommand command : block.commands()) {
                if (block.marker().isEmpty()
                        && !command.isTidemark()
                        && !command.program().equals("mvn")) {
                    unmarked.add(block + ": " + command.source());
                }
            }
        }

        assertThat(unmarked)
                .as("put <!-- run by: TEST --> or <!-- not run: REASON --> into the line above the block")
                .isEmpty();
    }

    /** A test that runs a page names it, so that a person who changes either finds the other. */
    @Test
    void everyTestThatAMarkerNamesReadsThatPage() throws IOException {
        List<String> wrong = new ArrayList<>();
        List<Path> sources = Repository.files(Set.of("java"));
        for (Block block : blocks) {
            if (block.isMarked(Block.RUN_BY)) {
                String test = block.marker().substring(Block.RUN_BY.length()).replaceAll(",.*", "");
                boolean isRead = false;
                for (Path source : sources) {
                    isRead |= source.endsWith(test + ".java")
                            && Files.readString(source).contains('"' + block.page());
                }
                if (!isRead) {
                    wrong.add(block + ": " + test);
                }
            }
        }

        assertThat(wrong).as("no test of that name names the page").isEmpty();
    }

    @Test
    void everyConfigurationIsAccepted() throws IOException {
        List<String> wrong = new ArrayList<>();
        int accepted = 0;
        for (Block block : blocks) {
            if (block.language().equals("yaml") && !block.isMarked(Block.NOT_RUN) && !block.isMarked(Block.CHART)) {
                try {
                    ConfigurationFile.read(completed(block));
                    accepted++;
                } catch (ConfigurationProblem e) {
                    wrong.add(block + ": " + e.getMessage());
                }
            }
        }

        assertThat(wrong).as("configurations that the relay would reject").isEmpty();
        assertThat(accepted).isGreaterThan(8);
    }

    @Test
    void everyValuesFileFitsTheSchemaOfTheChart() throws IOException {
        JsonNode schema = new ObjectMapper()
                .readTree(Files.readString(Repository.ROOT.resolve("helm/tidemark/values.schema.json")));
        List<Block> values =
                blocks.stream().filter(block -> block.isMarked(Block.CHART)).toList();

        assertThat(values).hasSizeGreaterThan(2);
        for (Block block : values) {
            Set<ValidationMessage> wrong = JsonSchemaFactory.getInstance(VersionFlag.V7)
                    .getSchema(schema)
                    .validate(new YAMLMapper().readTree(block.text()));
            assertThat(wrong).as(block.toString()).isEmpty();
        }
    }

    @Test
    void everyJsonBlockIsJson() throws IOException {
        for (Block block : blocks) {
            if (block.language().equals("json")) {
                assertThat(new ObjectMapper().readTree(block.text()).isObject())
                        .as(block.toString())
                        .isTrue();
            }
        }
    }

    @Test
    void wordsAreThoseOfAShell() {
        String block = "$ A=1 b 'c d' \"e\" \\\n  f# # g\nout\n$ h\n";

        assertThat(ShellCommand.in(block, true))
                .containsExactly(
                        new ShellCommand(
                                "A=1 b 'c d' \"e\" \\\n  f# # g", List.of("A=1", "b", "c d", "e", "f#"), "out\n"),
                        new ShellCommand("h", List.of("h"), ""));
        assertThat(ShellCommand.in(block, true).get(0).program()).isEqualTo("b");
    }

    /** The block as a file, with the keys that every configuration needs. */
    private Path completed(Block block) throws IOException {
        YAMLMapper yaml = new YAMLMapper();
        ObjectNode whole = (ObjectNode) yaml.readTree("{postgres: {url: 'jdbc:postgresql://db/shop', user: relay},"
                + " kafka: {bootstrapServers: 'kafka:9092'}}");
        whole = yaml.readerForUpdating(whole)
                .readValue(VARIABLE.matcher(block.text()).replaceAll("x"));
        return Files.writeString(Files.createTempFile(dir, "relay", ".yml"), yaml.writeValueAsString(whole));
    }
}
