// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;

/**
 * Which package may use which, and which library may appear where. A new dependency or library is a decision, made
 * here.
 */
class PackageTableTest {

    private static final String RELAY = "io.tidemark.relay";

    /** The root package, which composes the others. */
    private static final String ROOT = "(root)";

    /**
     * One of our packages.
     *
     * @param most agreed maximum number of files, without its package-info; to raise it is a decision, made here
     * @param uses our packages that it uses
     */
    private record Room(String name, int most, Set<String> uses) {}

    private static Room room(String name, int most, String... uses) {
        return new Room(name, most, Set.of(uses));
    }

    /** In the order of the data: no package uses one below it. Ten files are about what a reader can remember. */
    private static final List<Room> ROOMS = List.of(
            room("reason", 10),
            room("config", 17, "reason"),
            room("config.file", 10, "config"),
            room("declared", 10, "config"),
            room("failpoint", 10),
            room("logging", 10),
            room("trace", 10),
            room("account", 10),
            room("source", 11, "config", "reason"),
            room("timeline", 10, "config", "source"),
            room("publication", 11, "config", "source"),
            room("source.slot", 10, "config", "failpoint", "source"),
            room("source.check", 11, "config", "source", "source.slot"),
            room("capture", 10, "config"),
            room("capture.engine", 10, "config", "capture"),
            room("position", 10, "config", "account", "source", "timeline", "publication"),
            room("assemble", 10, "reason", "capture", "position"),
            room("route", 10, "config", "capture"),
            room("publish", 13, "config", "reason", "failpoint", "position", "route"),
            room(
                    "index",
                    13,
                    "config",
                    "declared",
                    "reason",
                    "source",
                    "source.check",
                    "timeline",
                    "position",
                    "publish"),
            room(
                    "loop",
                    13,
                    "config",
                    "failpoint",
                    "trace",
                    "account",
                    "source",
                    "publication",
                    "capture",
                    "position",
                    "assemble",
                    "route",
                    "publish",
                    "index"),
            room("group", 10, "config", "declared"),
            room("evidence", 10, "index", "group"),
            room("watermark", 17, "config", "declared", "reason", "source", "timeline", "index", "group", "evidence"),
            room("question", 10, "config", "source", "watermark"),
            room("replica", 10, "config", "reason", "source", "timeline"),
            room("cleanup", 11, "account", "source"),
            room("health", 10, "account", "source"),
            room("metrics", 11, "config", "account", "source", "index", "group", "watermark", "health"),
            room(
                    "run",
                    10,
                    "config",
                    "declared",
                    "reason",
                    "failpoint",
                    "account",
                    "source",
                    "source.check",
                    "timeline",
                    "publication",
                    "source.slot",
                    "capture",
                    "capture.engine",
                    "position",
                    "assemble",
                    "route",
                    "publish",
                    "index",
                    "loop",
                    "watermark",
                    "cleanup",
                    "health",
                    "metrics"),
            room("deadletter", 10, "config", "route", "publish"),
            room("explain", 10, "config", "source", "route", "publish", "deadletter"),
            room(
                    "replay",
                    10,
                    "config",
                    "source",
                    "source.check",
                    "capture",
                    "position",
                    "route",
                    "publish",
                    "cleanup",
                    "deadletter"),
            room("audit", 10, "config", "account", "source", "source.check", "position", "route", "publish", "cleanup"),
            room(
                    "backlog",
                    10,
                    "config",
                    "failpoint",
                    "source",
                    "source.slot",
                    "capture",
                    "position",
                    "route",
                    "publish"),
            room(
                    "preflight",
                    10,
                    "config",
                    "declared",
                    "reason",
                    "source",
                    "source.check",
                    "timeline",
                    "publication",
                    "source.slot",
                    "position",
                    "publish"),
            room(
                    "adopt",
                    10,
                    "config",
                    "account",
                    "source",
                    "source.check",
                    "publication",
                    "position",
                    "publish",
                    "preflight"),
            room("client", 10, "reason"),
            room("http.response", 10),
            room("http.server", 10, "reason", "health", "http.response"),
            room("http.gate", 10, "timeline", "watermark", "http.response"),
            room(
                    "http",
                    12,
                    "config",
                    "reason",
                    "account",
                    "source",
                    "timeline",
                    "group",
                    "watermark",
                    "question",
                    "replica",
                    "health",
                    "route",
                    "deadletter",
                    "explain",
                    "http.response",
                    "http.server",
                    "http.gate"),
            room("console.history", 10, "group", "http.response", "metrics", "source", "watermark", "config", "health"),
            room("console.view", 13, "reason", "watermark", "client", "http.response", "http", "console.history"),
            room(
                    "console",
                    10,
                    "config",
                    "reason",
                    "source",
                    "watermark",
                    "health",
                    "metrics",
                    "deadletter",
                    "explain",
                    "preflight",
                    "http.response",
                    "http",
                    "route",
                    "console.history",
                    "console.view"),
            room(
                    ROOT,
                    10,
                    "console",
                    "config",
                    "declared",
                    "failpoint",
                    "source",
                    "timeline",
                    "index",
                    "group",
                    "watermark",
                    "question",
                    "replica",
                    "health",
                    "metrics",
                    "run",
                    "explain",
                    "http",
                    "http.response"),
            room("cli.text", 10, "route", "deadletter", "audit", "client"),
            room(
                    "cli",
                    18,
                    "config",
                    "config.file",
                    "reason",
                    "source",
                    "source.check",
                    "source.slot",
                    "position",
                    "publish",
                    "deadletter",
                    "replay",
                    "audit",
                    "backlog",
                    "preflight",
                    "adopt",
                    ROOT,
                    "client",
                    "cli.text"));

    /** Libraries by the prefix of their names, each with the packages where it appears. */
    private static final Map<String, Set<String>> LIBRARIES = Map.ofEntries(
            Map.entry("io.debezium.", Set.of("capture", "capture.engine")),
            Map.entry("org.apache.kafka.connect.", Set.of("capture.engine")),
            Map.entry("org.apache.kafka.clients.producer.", Set.of("publish", "index")),
            Map.entry(
                    "org.apache.kafka.clients.consumer.",
                    Set.of("position", "index", "group", "deadletter", "explain", "audit")),
            Map.entry("org.apache.kafka.clients.admin.", Set.of("publish", "group", "preflight")),
            Map.entry(
                    "org.apache.kafka.common.",
                    Set.of(
                            "declared",
                            "position",
                            "publish",
                            "index",
                            "loop",
                            "group",
                            "evidence",
                            "watermark",
                            "run",
                            "deadletter",
                            "explain",
                            "replay",
                            "audit",
                            "backlog",
                            "preflight",
                            "http",
                            "cli")),
            Map.entry(
                    "org.postgresql.",
                    Set.of("config", "source", "source.slot", "capture", "capture.engine", "replica")),
            Map.entry(
                    "java.sql.",
                    Set.of(
                            "source",
                            "source.check",
                            "timeline",
                            "publication",
                            "source.slot",
                            "capture",
                            "capture.engine",
                            "index",
                            "loop",
                            "replica",
                            "cleanup",
                            "metrics",
                            "run",
                            "explain",
                            "replay",
                            "audit",
                            "backlog",
                            "preflight",
                            "adopt",
                            "cli")),
            Map.entry(
                    "jakarta.ws.rs.",
                    Set.of(
                            "http.response",
                            "http.server",
                            "http.gate",
                            "http",
                            "console",
                            "console.history",
                            "console.view")),
            Map.entry(
                    "jakarta.servlet.",
                    Set.of("metrics", "http.response", "http.server", "http.gate", "http", "console", ROOT)),
            Map.entry("io.prometheus.", Set.of("metrics", "http.server", "http", "console.history")),
            Map.entry("io.opentelemetry.", Set.of("trace")),
            Map.entry("java.net.http.", Set.of("client")),
            Map.entry(
                    "com.fasterxml.jackson.",
                    Set.of(
                            "config",
                            "config.file",
                            "logging",
                            "account",
                            "publication",
                            "capture",
                            "position",
                            "route",
                            "index",
                            "http.response",
                            "http.server",
                            "http.gate",
                            "http",
                            "explain",
                            "console",
                            "console.history",
                            "console.view",
                            "client",
                            "cli.text",
                            "cli")),
            Map.entry(
                    "io.dropwizard.",
                    Set.of(
                            "config",
                            "config.file",
                            "logging",
                            "loop",
                            "watermark",
                            "question",
                            "replica",
                            "run",
                            "http",
                            "console",
                            ROOT,
                            "cli")),
            Map.entry("org.eclipse.jetty.", Set.of("http.response", "http", ROOT)),
            Map.entry("com.codahale.metrics.", Set.of("health", "metrics", ROOT)),
            Map.entry("picocli.", Set.of("cli")));

    private static final SourceFiles SOURCES = new SourceFiles(Path.of("src/main/java"));

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(RELAY);

    @Test
    void packagesUseEachOtherAsTheTableSays() throws IOException {
        Map<String, Set<String>> found = new TreeMap<>();
        SOURCES.packages().forEach(name -> found.put(shortName(name), new TreeSet<>()));
        for (JavaClass type : CLASSES) {
            for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
                String target = dependency.getTargetClass().getPackageName();
                if (target.startsWith(RELAY) && !target.equals(type.getPackageName())) {
                    found.computeIfAbsent(shortName(type.getPackageName()), name -> new TreeSet<>())
                            .add(shortName(target));
                }
            }
        }
        SOURCES.references(RELAY)
                .forEach((user, used) ->
                        used.forEach(target -> found.computeIfAbsent(shortName(user), name -> new TreeSet<>())
                                .add(shortName(target))));

        assertSame(found, ROOMS.stream().collect(Collectors.toMap(Room::name, Room::uses)));
    }

    @Test
    void packagesUseOnlyPackagesAboveThem() {
        Set<String> above = new HashSet<>();
        for (Room room : ROOMS) {
            assertThat(above).as("what stands above %s", room.name()).containsAll(room.uses());
            above.add(room.name());
        }
    }

    @Test
    void packagesStayWithinTheAgreedSize() throws IOException {
        Map<String, Integer> files = SOURCES.fileCounts();
        for (Room room : ROOMS) {
            assertThat(files.getOrDefault(fullName(room.name()), 0))
                    .as("files in %s", room.name())
                    .isLessThanOrEqualTo(room.most());
        }
    }

    @Test
    void librariesAppearWhereTheTableSays() {
        Map<String, Set<String>> found = new TreeMap<>();
        LIBRARIES.keySet().forEach(name -> found.put(name, new TreeSet<>()));
        for (JavaClass type : CLASSES) {
            for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
                String target =
                        dependency.getTargetClass().getBaseComponentType().getName();
                LIBRARIES.keySet().stream()
                        .filter(target::startsWith)
                        .forEach(library -> found.computeIfAbsent(library, name -> new TreeSet<>())
                                .add(shortName(type.getPackageName())));
            }
        }

        assertSame(found, LIBRARIES);
    }

    @Test
    void onlyTheCommandLineUsesTheRoot() {
        Set<String> users = ROOMS.stream()
                .filter(room -> room.uses().contains(ROOT))
                .map(Room::name)
                .collect(Collectors.toSet());

        assertThat(users).containsExactly("cli");
    }

    private static String shortName(String packageName) {
        return packageName.equals(RELAY) ? ROOT : packageName.substring(RELAY.length() + 1);
    }

    private static String fullName(String shortName) {
        return shortName.equals(ROOT) ? RELAY : RELAY + "." + shortName;
    }

    private static void assertSame(Map<String, Set<String>> found, Map<String, Set<String>> agreed) {
        assertThat(found.keySet()).isEqualTo(agreed.keySet());
        SoftAssertions.assertSoftly(each ->
                found.forEach((name, used) -> each.assertThat(used).as(name).isEqualTo(agreed.get(name))));
    }
}
