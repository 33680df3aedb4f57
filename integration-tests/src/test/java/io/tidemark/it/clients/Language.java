// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.clients;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A language with a client, and how its programs are started. */
enum Language {
    TYPESCRIPT("node", 18, 0, "typescript", "test-support/ask.js"),
    PYTHON("python3", 3, 9, "python", "tests/ask.py");

    private static final Pattern VERSION = Pattern.compile("([0-9]+)\\.([0-9]+)");

    private final String program;
    private final int major;
    private final int minor;
    private final Path directory;
    private final String askScript;

    Language(String program, int major, int minor, String directory, String askScript) {
        this.program = program;
        this.major = major;
        this.minor = minor;
        this.directory = Path.of("..", "clients", directory);
        this.askScript = askScript;
    }

    /** Skips the test if the language is not installed, or is older than the client needs. */
    void assumeInstalled() throws Exception {
        String needed = program + " " + major + "." + minor;
        String version;
        try {
            Process process = new ProcessBuilder(program, "--version")
                    .redirectErrorStream(true)
                    .start();
            version = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            version = "";
        }
        assumeTrue(
                isAtLeast(version),
                "skipped: " + needed + " or newer is needed, and "
                        + (version.isEmpty() ? "there is no " + program : program + " is " + version));
    }

    private boolean isAtLeast(String version) {
        Matcher found = VERSION.matcher(version);
        if (!found.find()) {
            return false;
        }
        int foundMajor = Integer.parseInt(found.group(1));
        return foundMajor > major || (foundMajor == major && Integer.parseInt(found.group(2)) >= minor);
    }

    /** All tests of the client. */
    ProcessBuilder tests() throws IOException {
        if (this == PYTHON) {
            return start("-W", "error::ResourceWarning", "-m", "unittest", "discover", "-s", "tests", "-t", ".");
        }
        List<String> arguments = new ArrayList<>(List.of("--test"));
        try (Stream<Path> files = Files.list(directory.resolve("test"))) {
            files.map(file -> "test/" + file.getFileName())
                    .filter(file -> file.endsWith(".test.js"))
                    .sorted()
                    .forEach(arguments::add);
        }
        return start(arguments.toArray(new String[0]));
    }

    /** A program that asks relays, a question a line. */
    ProcessBuilder ask(String... relays) {
        List<String> arguments = new ArrayList<>(List.of(askScript));
        arguments.addAll(List.of(relays));
        return start(arguments.toArray(new String[0]));
    }

    private ProcessBuilder start(String... arguments) {
        List<String> command = new ArrayList<>(List.of(program));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
        builder.environment().put("PYTHONPATH", "src");
        builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
        return builder;
    }

    /** Ends a program that has had enough time. */
    static void end(Process process) throws InterruptedException {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
    }
}
