package io.tidemark.relay;

import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Who may use whom, and which library may appear where. A new arrow or library is a decision, made here. */
class PackageTableTest {

    private static final String RELAY = "io.tidemark.relay";

    /** The root package, which composes all the others. */
    private static final String ROOT = "(root)";

    /** Our packages, in the order of the data; each with those of ours it uses. */
    private static final Map<String, Set<String>> USES = Map.ofEntries(
            Map.entry("config", Set.of()),
            Map.entry("source", Set.of("config")),
            Map.entry("capture", Set.of("config")),
            Map.entry("assemble", Set.of("capture")),
            Map.entry("route", Set.of("capture", "config")),
            Map.entry("publish", Set.of("config", "failpoint", "route")),
            Map.entry("position", Set.of("assemble", "config", "source")), // its record holds these two values
            Map.entry("follow", Set.of("config", "election", "position", "publish", "source")),
            Map.entry("deadletter", Set.of("config", "publish", "route")),
            // cleanup: the barrier that proves what is published
            // assemble: the resume point in the position
            // deadletter: what a retry will publish, and a replay must not
            Map.entry(
                    "replay",
                    Set.of(
                            "assemble",
                            "capture",
                            "cleanup",
                            "config",
                            "deadletter",
                            "position",
                            "publish",
                            "route",
                            "source")),
            Map.entry("progress", Set.of("config")),
            Map.entry("watermark", Set.of("config", "position", "progress", "source")),
            Map.entry("replica", Set.of("config", "source")),
            Map.entry("explain", Set.of("config", "deadletter", "publish", "source")),
            // config: the projection of which watermark tells the standing
            Map.entry("http", Set.of("config", "deadletter", "explain", "health", "replica", "source", "watermark")),
            Map.entry("election", Set.of()),
            Map.entry("cleanup", Set.of("source")),
            Map.entry("health", Set.of("source")),
            // what is told of each is theirs to say
            Map.entry("metrics", Set.of("config", "follow", "health", "position", "source", "watermark")),
            Map.entry("failpoint", Set.of()),
            Map.entry("trace", Set.of()),
            Map.entry("client", Set.of()),
            // route: the headers a dead letter shows
            Map.entry("cli", Set.of(ROOT, "client", "config", "deadletter", "publish", "replay", "route", "source")),
            Map.entry(
                    ROOT,
                    Set.of(
                            "assemble",
                            "capture",
                            "cleanup",
                            "config",
                            "election",
                            "explain",
                            "failpoint",
                            "follow",
                            "health",
                            "http",
                            "metrics",
                            "position",
                            "progress",
                            "publish",
                            "replica",
                            "route",
                            "source",
                            "trace",
                            "watermark")));

    /** Libraries by the beginning of their names; each with the packages where it appears. */
    private static final Map<String, Set<String>> LIBRARIES = Map.ofEntries(
            Map.entry("io.debezium.", Set.of("capture")),
            Map.entry("org.apache.kafka.connect.", Set.of("capture")),
            Map.entry("org.apache.kafka.clients.producer.", Set.of("publish")),
            // progress: only OffsetAndMetadata, in which the admin client answers
            Map.entry("org.apache.kafka.clients.consumer.", Set.of("position", "deadletter", "explain", "progress")),
            Map.entry("org.apache.kafka.clients.admin.", Set.of("publish", "progress")),
            // cli: whatever its clients throw is told in a sentence
            Map.entry(
                    "org.apache.kafka.common.",
                    Set.of(
                            "cli",
                            "publish",
                            "position",
                            "follow",
                            "deadletter",
                            "replay",
                            "explain",
                            "http",
                            "progress",
                            "watermark",
                            ROOT)),
            Map.entry("org.postgresql.", Set.of("config", "source", "capture")),
            Map.entry(
                    "java.sql.",
                    Set.of(
                            "source",
                            "election",
                            "capture",
                            "follow",
                            "cleanup",
                            "explain",
                            "replay",
                            "replica",
                            "metrics",
                            "cli",
                            ROOT)),
            Map.entry("jakarta.ws.rs.", Set.of("http", "metrics")),
            Map.entry("jakarta.servlet.", Set.of("http", "metrics", ROOT)),
            Map.entry("io.prometheus.", Set.of("metrics")),
            Map.entry("io.opentelemetry.", Set.of("trace")),
            Map.entry("java.net.http.", Set.of("client")),
            // capture: the first line of an emitted event
            Map.entry(
                    "com.fasterxml.jackson.",
                    Set.of("config", "capture", "route", "position", "http", "metrics", "client", "cli")),
            Map.entry("io.dropwizard.", Set.of("config", "watermark", "replica", "http", "cli", ROOT)),
            // http: the connection of a client that waits
            Map.entry("org.eclipse.jetty.", Set.of("http", ROOT)),
            Map.entry("com.codahale.metrics.", Set.of("health", "metrics", ROOT)),
            Map.entry("picocli.", Set.of("cli")));

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(RELAY);

    @Test
    void packagesUseEachOtherAsTheTableSays() {
        Map<String, Set<String>> found = new TreeMap<>();
        USES.keySet().forEach(name -> found.put(name, new TreeSet<>()));
        for (JavaClass type : CLASSES) {
            for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
                String target = dependency.getTargetClass().getPackageName();
                if (target.startsWith(RELAY) && !target.equals(type.getPackageName())) {
                    found.computeIfAbsent(shortName(type.getPackageName()), name -> new TreeSet<>())
                            .add(shortName(target));
                }
            }
        }

        assertThat(found).isEqualTo(sorted(USES));
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching(RELAY + ".(*)..").should().beFreeOfCycles().check(CLASSES);
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

        assertThat(found).isEqualTo(sorted(LIBRARIES));
    }

    @Test
    void nobodyButTheCommandLineUsesTheRoot() {
        Set<String> users = USES.entrySet().stream()
                .filter(entry -> entry.getValue().contains(ROOT))
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());

        assertThat(users).containsExactly("cli");
    }

    private static String shortName(String packageName) {
        return packageName.equals(RELAY) ? ROOT : packageName.substring(RELAY.length() + 1);
    }

    private static Map<String, Set<String>> sorted(Map<String, Set<String>> table) {
        Map<String, Set<String>> sorted = new TreeMap<>();
        table.forEach((name, values) -> sorted.put(name, new TreeSet<>(values)));
        return sorted;
    }
}
