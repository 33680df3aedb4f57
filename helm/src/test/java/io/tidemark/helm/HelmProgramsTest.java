// SPDX-License-Identifier: Apache-2.0
package io.tidemark.helm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The chart with the programs that users have: {@code helm}, {@code helm3} and {@code helm4}, where they are on the
 * path. The library that renders the chart in other tests cannot render it as a dependency.
 */
class HelmProgramsTest {

    private static final List<String> NAMES = List.of("helm", "helm3", "helm4");

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path umbrella;

    private final List<Path> programs = found();

    @BeforeEach
    void makeAnUmbrellaChart() throws IOException {
        Assumptions.assumeFalse(programs.isEmpty(), "none of " + NAMES + " is on the PATH");
        Files.writeString(umbrella.resolve("Chart.yaml"), """
                apiVersion: v2
                name: umbrella
                version: 0.1.0
                dependencies:
                  - {name: tidemark, version: ">0.0.0-0", repository: "", condition: tidemark.enabled}
                """);
        Files.writeString(umbrella.resolve("values.yaml"), """
                tidemark:
                  enabled: true
                  image: {repository: registry.example.com/tidemark}
                  postgres: {url: 'jdbc:postgresql://db:5432/shop', existingSecret: postgres}
                  kafka: {bootstrapServers: 'kafka:9092'}
                  runAs: {fromCluster: true}
                """);
        copy(Chart.DIRECTORY, umbrella.resolve("charts").resolve("tidemark"));
    }

    @Test
    void renderItAsADependencyUnlessItsConditionIsFalse() throws Exception {
        for (Path helm : programs) {
            assertThat(Chart.parse(run(helm, "template", "shop", umbrella.toString())))
                    .as("%s", helm)
                    .extracting(Chart::kindOf)
                    .contains("Deployment", "Service", "Job");
            assertThat(Chart.parse(
                            run(helm, "template", "shop", umbrella.toString(), "--set", "tidemark.enabled=false")))
                    .as("%s", helm)
                    .isEmpty();
        }
    }

    /** Helm 3 ignores null in the values of a dependency. */
    @Test
    void leaveUserAndGroupToTheCluster() throws Exception {
        for (Path helm : programs) {
            for (JsonNode object : Chart.parse(run(helm, "template", "shop", umbrella.toString()))) {
                assertThat(object.findValues("runAsUser")).as("%s", helm).isEmpty();
                assertThat(object.findValues("fsGroup")).as("%s", helm).isEmpty();
            }
        }
    }

    /** {@code helm template | kubectl apply} uses the version that Helm was built for. */
    @Test
    void renderTheSameForEveryKubernetes() throws Exception {
        for (Path helm : programs) {
            for (String values : List.of("full", "gitops", "tls")) {
                String file = Chart.ci(values).toString();
                String chart = Chart.DIRECTORY.toString();
                String unknown = run(helm, "template", "shop", chart, "-f", file);
                for (String version : List.of("1.27.0", "1.30.0", "1.34.0")) {
                    assertThat(run(helm, "template", "shop", chart, "-f", file, "--kube-version", version))
                            .as("%s for %s", helm, version)
                            .isEqualTo(unknown);
                }
            }
        }
    }

    /** Helm 3 needs a cluster for this. */
    @Test
    void printACommandThatTheCertificateOfTheApiAccepts() throws Exception {
        for (Path helm : programs) {
            if (run(helm, "version", "--short").startsWith("v3.")) {
                continue;
            }
            String output = run(
                    helm,
                    "install",
                    "shop",
                    Chart.DIRECTORY.toString(),
                    "--namespace=shop",
                    "--dry-run=client",
                    "--values=" + Chart.ci("tls"),
                    "--set=http.existingSecret=tokens");

            assertThat(output)
                    .as("%s", helm)
                    .contains(
                            "curl --cacert ca.crt -H \"Authorization: Bearer $TOKEN\"",
                            "--connect-to shop-tidemark.shop.svc:8443:localhost:8443"
                                    + " https://shop-tidemark.shop.svc:8443/v1/source")
                    .doesNotContain("https://localhost");
        }
    }

    private static String run(Path helm, String... arguments) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(helm.toString());
        builder.command().addAll(List.of(arguments));
        builder.environment()
                .put("KUBECONFIG", Chart.DIRECTORY.resolve("no-cluster").toString());
        Path errors = Files.createTempFile("helm", ".err");
        Process process = builder.redirectError(errors.toFile()).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(Files.readString(errors)).isZero();
        Files.delete(errors);
        return output;
    }

    private static List<Path> found() {
        List<Path> programs = new ArrayList<>();
        String path = System.getenv().getOrDefault("PATH", "");
        for (String directory :
                Pattern.compile(File.pathSeparator).splitAsStream(path).toList()) {
            for (String name : NAMES) {
                Path program = Path.of(directory, name);
                if (Files.isExecutable(program)) {
                    programs.add(program);
                }
            }
        }
        return programs;
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.sorted().toList()) {
                Path target = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target);
                }
            }
        }
    }
}
