// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * The package rules: which package may use which, which library may appear where, and the maximum size of a package. A
 * new dependency, library or limit is a decision, made here. Reads sources as well as classes, because the compiler
 * inlines constants, and then no class shows their origin.
 */
class ConsumersPackageTest {

    private static final String CONSUMERS = "io.tidemark.consumers";

    /** The root has two halves: the entry points, and the values and callbacks that are passed. */
    private static final String ENTRY = "(entry points)";

    private static final String VALUES = "(values)";
    private static final Set<String> ENTRY_POINTS =
            Set.of("Inbox", "ProjectionRunner", "ProjectionTables", "ReadGate", "WatermarkClient");

    /** In the order of the data; each package with our packages that it uses. */
    private static final Map<String, Set<String>> USES = Map.ofEntries(
            Map.entry(VALUES, Set.of()),
            Map.entry("web", Set.of()),
            Map.entry("internal.tables", Set.of("internal.database")),
            Map.entry("internal.database", Set.of()),
            Map.entry("internal.progress", Set.of()),
            Map.entry("internal.apply", Set.of(VALUES, "internal.database", "internal.progress")),
            Map.entry("internal.partition", Set.of(VALUES, "internal.apply", "internal.progress")),
            Map.entry("internal.rebuild", Set.of(VALUES, "internal.database", "internal.progress")),
            Map.entry(
                    "internal.runner",
                    Set.of(VALUES, "internal.apply", "internal.partition", "internal.progress", "internal.rebuild")),
            // for the partitions that the gate compares
            Map.entry("internal.relay", Set.of(VALUES, "internal.progress")),
            Map.entry(
                    ENTRY,
                    Set.of(
                            VALUES,
                            "internal.database",
                            "internal.progress",
                            "internal.relay",
                            "internal.runner",
                            "internal.tables")));

    /** Libraries by the beginning of their names; each with the packages that use it. */
    private static final Map<String, Set<String>> LIBRARIES = Map.of(
            "org.apache.kafka.", Set.of(VALUES, "internal.apply", "internal.runner"),
            "java.sql.",
                    Set.of(
                            ENTRY,
                            VALUES,
                            "internal.apply",
                            "internal.database",
                            "internal.progress",
                            "internal.rebuild",
                            "internal.tables"),
            "java.net.http.", Set.of(ENTRY, "internal.relay"), // the caller's HTTP client
            "com.fasterxml.jackson.", Set.of(VALUES, "internal.relay"),
            "jakarta.", Set.of("web"),
            "org.slf4j.",
                    Set.of(ENTRY, "web", "internal.apply", "internal.database", "internal.rebuild", "internal.runner"),
            "io.tidemark.relay.", Set.of());

    /** Maximum number of files, including package-info; the root has everything that users import. */
    private static final int MAX_FILES = 10;

    private static final int MAX_FILES_OF_ROOT = 23;

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(CONSUMERS);
    private static final SourceNames SOURCES = SourceNames.below(CONSUMERS);

    /** The slice of a top-level type: its package below ours, or its half of the root. */
    private static String slice(String typeName) {
        String name = typeName.substring(CONSUMERS.length() + 1);
        int end = name.lastIndexOf('.');
        if (end >= 0) {
            return name.substring(0, end);
        }
        return ENTRY_POINTS.contains(name) ? ENTRY : VALUES;
    }

    private static boolean isOurs(String typeName) {
        return typeName.startsWith(CONSUMERS + ".");
    }

    private static String topLevel(JavaClass type) {
        String name = type.getBaseComponentType().getName();
        int nested = name.indexOf('$');
        return nested < 0 ? name : name.substring(0, nested);
    }

    /** From each top-level type to all types that its class files or its source mention. */
    private static Map<String, Set<String>> mentions() {
        Map<String, Set<String>> mentions = new TreeMap<>();
        for (JavaClass type : CLASSES) {
            Set<String> targets = mentions.computeIfAbsent(topLevel(type), name -> new TreeSet<>());
            for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
                targets.add(topLevel(dependency.getTargetClass()));
            }
        }
        SOURCES.mentions()
                .forEach((type, targets) ->
                        mentions.computeIfAbsent(type, name -> new TreeSet<>()).addAll(targets));
        mentions.keySet().removeIf(type -> type.endsWith(".package-info"));
        return mentions;
    }

    private static Map<String, Set<String>> uses() {
        Map<String, Set<String>> uses = emptied(USES);
        mentions().forEach((type, targets) -> {
            Set<String> used = uses.computeIfAbsent(slice(type), name -> new TreeSet<>());
            targets.stream()
                    .filter(ConsumersPackageTest::isOurs)
                    .map(ConsumersPackageTest::slice)
                    .filter(target -> !target.equals(slice(type)))
                    .forEach(used::add);
        });
        return uses;
    }

    @Test
    void packagesUseEachOtherAsTheTableSays() {
        assertThat(uses()).isEqualTo(USES);
    }

    @Test
    void internalPackagesNeverUseAnEntryPoint() {
        mentions().forEach((type, targets) -> {
            if (slice(type).startsWith("internal.")) {
                assertThat(targets)
                        .as(type)
                        .filteredOn(ConsumersPackageTest::isOurs)
                        .extracting(ConsumersPackageTest::slice)
                        .doesNotContain(ENTRY);
            }
        });
    }

    @Test
    void packagesHaveNoCycles() {
        Map<String, Set<String>> left = uses();
        boolean isShrinking = true;
        while (isShrinking) {
            Map<String, Set<String>> before = new TreeMap<>(left);
            isShrinking = left.values().removeIf(targets -> targets.stream().noneMatch(before::containsKey));
        }

        assertThat(left).as("packages in a cycle, and packages that use them").isEmpty();
    }

    @Test
    void librariesAppearWhereTheTableSays() {
        Map<String, Set<String>> found = emptied(LIBRARIES);
        mentions()
                .forEach((type, targets) -> found.forEach((library, slices) -> {
                    if (targets.stream().anyMatch(target -> target.startsWith(library))) {
                        slices.add(slice(type));
                    }
                }));

        assertThat(found).isEqualTo(LIBRARIES);
    }

    @Test
    void publicSignaturesNameNoInternalType() {
        for (JavaClass type : CLASSES) {
            if (isSeenByUsers(type)) {
                assertThat(seen(type)).as(type.getName()).noneMatch(name -> name.startsWith(CONSUMERS + ".internal."));
            }
        }
    }

    private static boolean isSeenByUsers(JavaClass type) {
        return !type.getPackageName().startsWith(CONSUMERS + ".internal")
                && isOpen(type.getModifiers())
                && type.getEnclosingClass()
                        .map(ConsumersPackageTest::isSeenByUsers)
                        .orElse(true);
    }

    private static boolean isOpen(Set<JavaModifier> modifiers) {
        return modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED);
    }

    /** The types in this type's public signatures, including type arguments. */
    private static Set<String> seen(JavaClass type) {
        Set<JavaType> types = new HashSet<>(type.getInterfaces());
        type.getSuperclass().ifPresent(types::add);
        types.addAll(type.getTypeParameters());
        for (JavaMember member : type.getMembers()) {
            if (isOpen(member.getModifiers())) {
                if (member instanceof JavaField field) {
                    types.add(field.getType());
                } else if (member instanceof JavaCodeUnit unit) {
                    types.add(unit.getReturnType());
                    types.addAll(unit.getParameterTypes());
                    types.addAll(unit.getExceptionTypes());
                    types.addAll(unit.getTypeParameters());
                }
            }
        }
        Set<String> names = new TreeSet<>();
        types.stream()
                .map(JavaType::getAllInvolvedRawTypes)
                .flatMap(Collection::stream)
                .forEach(raw -> names.add(raw.getBaseComponentType().getName()));
        return names;
    }

    @Test
    void packagesStaySmall() {
        Map<String, Integer> tooLarge = new TreeMap<>(SOURCES.filesOfPackages());
        tooLarge.entrySet()
                .removeIf(entry ->
                        entry.getValue() <= (entry.getKey().equals(CONSUMERS) ? MAX_FILES_OF_ROOT : MAX_FILES));

        assertThat(tooLarge).isEmpty();
        assertThat(SOURCES.filesOfPackages()).containsKey(CONSUMERS);
    }

    private static Map<String, Set<String>> emptied(Map<String, Set<String>> table) {
        Map<String, Set<String>> emptied = new TreeMap<>();
        table.keySet().forEach(name -> emptied.put(name, new TreeSet<>()));
        return emptied;
    }
}
