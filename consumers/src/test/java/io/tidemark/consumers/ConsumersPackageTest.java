package io.tidemark.consumers;

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
import org.junit.jupiter.api.Test;

/** Who may use whom, and which library may appear where. A new arrow or library is a decision, made here. */
class ConsumersPackageTest {

    private static final String CONSUMERS = "io.tidemark.consumers";

    /** In the order of the data; each with those of ours it uses. */
    private static final Map<String, Set<String>> USES = Map.of(
            "tables", Set.of(),
            "progress", Set.of("tables"),
            "projection", Set.of(),
            "apply", Set.of("progress", "projection"),
            "partition", Set.of("apply", "progress", "projection"),
            "rebuild", Set.of("progress", "projection"),
            "runner", Set.of("apply", "partition", "progress", "projection", "rebuild"),
            "inbox", Set.of("tables"),
            "watermark", Set.of("progress"), // the gate compares it
            "web", Set.of());

    /** Libraries by the beginning of their names; each with the packages where it appears. */
    private static final Map<String, Set<String>> LIBRARIES = Map.of(
            "org.apache.kafka.", Set.of("projection", "apply", "runner"),
            "java.sql.", Set.of("inbox", "progress", "projection", "apply", "rebuild", "tables", "watermark"),
            "java.net.http.", Set.of("watermark"),
            "com.fasterxml.jackson.", Set.of("projection", "watermark"),
            "jakarta.", Set.of("web"),
            "org.slf4j.", Set.of("apply", "rebuild", "runner"),
            "io.tidemark.relay.", Set.of());

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(CONSUMERS);

    @Test
    void packagesUseEachOtherAsTheTableSays() {
        Map<String, Set<String>> found = emptied(USES);
        for (JavaClass type : CLASSES) {
            for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
                String target = dependency.getTargetClass().getPackageName();
                if (target.startsWith(CONSUMERS + ".") && !target.equals(type.getPackageName())) {
                    found.computeIfAbsent(shortName(type.getPackageName()), name -> new TreeSet<>())
                            .add(shortName(target));
                }
            }
        }

        assertThat(found).isEqualTo(USES);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching(CONSUMERS + ".(*)..").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void librariesAppearWhereTheTableSays() {
        Map<String, Set<String>> found = emptied(LIBRARIES);
        for (JavaClass type : CLASSES) {
            for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
                String target =
                        dependency.getTargetClass().getBaseComponentType().getName();
                found.forEach((library, packages) -> {
                    if (target.startsWith(library)) {
                        packages.add(shortName(type.getPackageName()));
                    }
                });
            }
        }

        assertThat(found).isEqualTo(LIBRARIES);
    }

    private static Map<String, Set<String>> emptied(Map<String, Set<String>> table) {
        Map<String, Set<String>> emptied = new TreeMap<>();
        table.keySet().forEach(name -> emptied.put(name, new TreeSet<>()));
        return emptied;
    }

    private static String shortName(String packageName) {
        return packageName.substring(CONSUMERS.length() + 1);
    }
}
