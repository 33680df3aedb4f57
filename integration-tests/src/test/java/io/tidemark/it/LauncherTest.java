// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.quickstart.relay.RelayChild;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launchers of the image and of a checkout, with a java that prints its arguments. */
class LauncherTest {

    private static final Path IMAGE = Path.of("..", "docker", "bin", "tidemark").toAbsolutePath();
    private static final Path CHECKOUT = Path.of("..", "bin", "tidemark").toAbsolutePath();
    private static final String RELAY_OPTIONS =
            "-XX:MaxRAMPercentage=50 -XX:NewRatio=1 -XX:MetaspaceSize=96m -XX:+UseSerialGC";
    private static final String SMALL_HEAP = "-Xmx128m";

    @TempDir
    private Path home;

    private Path launcher;

    @BeforeEach
    void install() throws IOException {
        launcher = executable("tidemark", Files.readString(IMAGE).replace("home=/app", "home=" + home));
        executable("java-home/bin/java", "#!/bin/sh\necho \"$@\"\n");
        for (String jar : List.of("libs/b.jar", "libs/a.jar", "libs/B.jar", "classpath/relay.jar")) {
            Files.createDirectories(home.resolve(jar).getParent());
            Files.writeString(home.resolve(jar), "");
        }
    }

    /** A class archive is valid only for the class path that it was made with, and for those that begin with it. */
    @Test
    void sortsTheClassPathAndPutsExtensionsLast() throws Exception {
        Files.createDirectories(home.resolve("ext"));
        assertThat(run(Map.of(), "run", "relay.yml")).contains(" -cp " + classPath() + " io.tidemark");

        Files.writeString(home.resolve("ext/agent.jar"), "");

        assertThat(run(Map.of(), "run", "relay.yml"))
                .contains(" -cp " + classPath() + ":" + home.resolve("ext/agent.jar") + " io.tidemark")
                .endsWith(" run relay.yml");
    }

    @Test
    void givesTheRelayHalfOfTheMemory() throws Exception {
        assertThat(run(Map.of(), "run", "relay.yml")).startsWith(RELAY_OPTIONS).doesNotContain("-Xmx");
        assertThat(run(Map.of("JDK_JAVA_OPTIONS", "-Xmx1g"), "run", "relay.yml"))
                .doesNotContain("MaxRAMPercentage", "-Xmx");
    }

    /** A command in the relay's container must not take the relay's share of the memory a second time. */
    @Test
    void givesEveryOtherCommandASmallHeap() throws Exception {
        for (String command : List.of("replay", "audit", "init", "status", "--help")) {
            assertThat(run(Map.of(), command)).contains(SMALL_HEAP);
            assertThat(run(Map.of("JDK_JAVA_OPTIONS", "-XX:MaxRAMPercentage=50"), command))
                    .contains(SMALL_HEAP);
        }
        assertThat(run(Map.of())).contains(SMALL_HEAP);
    }

    /** The chart sets the variable in the pods of Jobs, which have separate memory. */
    @Test
    void givesACommandTheRelaysShareWhereItIsAlone() throws Exception {
        assertThat(run(Map.of("TIDEMARK_COMMAND_JAVA_OPTS", ""), "audit", "relay.yml"))
                .startsWith(RELAY_OPTIONS)
                .doesNotContain("-Xmx");
    }

    /** The relay of the demo, of bench and of the tests has the same. */
    @Test
    void checkoutGivesTheRelayOfEveryCommandTheSameMemory() throws Exception {
        launcher = executable("bin/tidemark", Files.readString(CHECKOUT));
        Files.createDirectories(home.resolve("quickstart/target/lib"));
        Files.writeString(home.resolve("quickstart/target/launcher.stamp"), "");

        List<String> options = List.of(run(Map.of(), "run", "relay.yml").split(" "));

        assertThat(options).containsAll(RelayChild.JVM_OPTIONS);
        assertThat(run(Map.of(), "audit", "relay.yml")).doesNotContain("-Xmn");
        assertThat(run(Map.of("TIDEMARK_JAVA_OPTS", "-Xmx1g"), "run", "relay.yml"))
                .startsWith("-Xmx1g -cp");
    }

    @Test
    void usesTheClassArchiveIfThereIsOne() throws Exception {
        assertThat(run(Map.of(), "version")).doesNotContain("SharedArchiveFile");

        Files.writeString(home.resolve("tidemark.jsa"), "");

        assertThat(run(Map.of(), "version"))
                .contains("-XX:SharedArchiveFile=" + home.resolve("tidemark.jsa") + " -Xshare:auto");
    }

    private String classPath() {
        return String.join(
                ":",
                List.of("classpath/relay.jar", "libs/B.jar", "libs/a.jar", "libs/b.jar").stream()
                        .map(jar -> home.resolve(jar).toString())
                        .toList());
    }

    private String run(Map<String, String> environment, String... arguments) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(launcher.toString());
        builder.command().addAll(List.of(arguments));
        builder.environment().remove("JDK_JAVA_OPTIONS");
        builder.environment().put("JAVA_HOME", home.resolve("java-home").toString());
        builder.environment().putAll(environment);
        Process process = builder.redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output.strip();
    }

    private Path executable(String name, String content) throws IOException {
        Path file = home.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
        assertThat(file.toFile().setExecutable(true)).isTrue();
        return file;
    }
}
