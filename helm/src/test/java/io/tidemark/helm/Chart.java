// SPDX-License-Identifier: Apache-2.0
package io.tidemark.helm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.marcnuri.helm.Helm;
import com.marcnuri.helm.TemplateCommand;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** The chart under test. Helm's native library renders it. */
final class Chart {

    static final Path DIRECTORY = Path.of("tidemark").toAbsolutePath();
    static final YAMLMapper YAML = new YAMLMapper();

    private static final String NEW_KUBERNETES = "1.34.0";
    private static final Set<String> PLATFORMS =
            Set.of("linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64", "windows-amd64");

    private Chart() {}

    /** One of the values files in {@code tidemark/ci}. */
    static Path ci(String name) {
        return DIRECTORY.resolve("ci").resolve(name + "-values.yaml");
    }

    static Helm helm() {
        assumeNativeLibrary();
        return new Helm(DIRECTORY);
    }

    /** Every object of the chart, including hooks, on a current Kubernetes. */
    static List<JsonNode> render(Path... values) {
        return render(NEW_KUBERNETES, values);
    }

    /**
     * The library's template command leaves out hooks. So they are rendered from a copy of the chart in which they are
     * ordinary objects.
     */
    static List<JsonNode> render(String kubernetes, Path... values) {
        assumeNativeLibrary();
        Path copy = copyWithoutHooks();
        try {
            return parse(template(new Helm(copy), kubernetes, values));
        } finally {
            delete(copy);
        }
    }

    /** The error message that a user sees when rendering fails. */
    static String refusal(Path... values) {
        Helm helm = helm();
        try {
            template(helm, NEW_KUBERNETES, values);
        } catch (IllegalStateException e) {
            return String.valueOf(e.getMessage());
        }
        throw new AssertionError("the chart rendered, and should not have");
    }

    /** With a value beside those of a file. */
    static List<JsonNode> renderWith(Path directory, String values, Path... others) throws IOException {
        List<Path> files = new ArrayList<>(List.of(others));
        files.add(Files.writeString(directory.resolve("change.yaml"), values));
        return render(files.toArray(new Path[0]));
    }

    private static String template(Helm helm, String kubernetes, Path... values) {
        TemplateCommand template =
                helm.template().withName("shop").withNamespace("shop").withKubeVersion(kubernetes);
        for (Path file : values) {
            template = template.withValuesFile(file);
        }
        return template.call();
    }

    static List<JsonNode> parse(String manifests) {
        List<JsonNode> objects = new ArrayList<>();
        try (MappingIterator<JsonNode> documents =
                YAML.readerFor(JsonNode.class).readValues(manifests)) {
            documents.forEachRemaining(document -> {
                if (document.isObject()) {
                    objects.add(document);
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return objects;
    }

    /** The only object of this kind. */
    static JsonNode only(List<JsonNode> objects, String kind) {
        List<JsonNode> found =
                objects.stream().filter(object -> kindOf(object).equals(kind)).toList();
        if (found.size() != 1) {
            throw new AssertionError(found.size() + " objects of kind " + kind);
        }
        return found.get(0);
    }

    /** The only Job with this component: {@code init}, or a test of {@code helm test}. */
    static JsonNode job(List<JsonNode> objects, String component) {
        return only(
                objects.stream()
                        .filter(object -> componentOf(object).equals(component))
                        .toList(),
                "Job");
    }

    static String componentOf(JsonNode object) {
        return object.at("/metadata/labels/app.kubernetes.io~1component").asText();
    }

    static String kindOf(JsonNode object) {
        return object.path("kind").asText();
    }

    /** The relay's configuration files; the hook has a copy in an annotation. */
    static List<String> relayConfigurations(List<JsonNode> objects) {
        List<String> files = new ArrayList<>();
        for (JsonNode object : objects) {
            for (JsonNode holder : List.of(object.path("data"), object.at("/spec/template/metadata/annotations"))) {
                holder.properties().stream()
                        .filter(entry -> entry.getKey().endsWith("relay.yml"))
                        .forEach(entry -> files.add(entry.getValue().asText()));
            }
        }
        return files;
    }

    /** Skips tests only on platforms that the library does not support. On others, a missing library must fail them. */
    private static void assumeNativeLibrary() {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String arch = System.getProperty("os.arch");
        String platform = (os.startsWith("mac") ? "darwin" : os.startsWith("windows") ? "windows" : os) + "-"
                + (arch.equals("aarch64") ? "arm64" : arch.equals("x86_64") ? "amd64" : arch);
        Assumptions.assumeTrue(PLATFORMS.contains(platform), "helm-java has no native library for " + platform);
    }

    private static Path copyWithoutHooks() {
        try (Stream<Path> files = Files.walk(DIRECTORY)) {
            Path copy = Files.createTempDirectory("chart");
            for (Path file : files.sorted().toList()) {
                Path target = copy.resolve(DIRECTORY.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.writeString(target, Files.readString(file).replace("helm.sh/hook:", "was/hook:"));
                }
            }
            return copy;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path directory) {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
