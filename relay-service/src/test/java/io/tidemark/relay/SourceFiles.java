// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The source files below a directory, read as text: the compiler inlines constants, so bytecode does not show every
 * import.
 */
record SourceFiles(Path root) {

    private static final Pattern TYPE = Pattern.compile("(?<![\\w.])((?:[a-z]\\w*\\.)+)[A-Z]\\w*");

    private Stream<Path> files() throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            List<Path> files = all.filter(file -> file.toString().endsWith(".java"))
                    .filter(file -> !file.endsWith("package-info.java"))
                    .toList();
            return files.stream();
        }
    }

    private String packageOf(Path file) {
        return root.relativize(file.getParent()).toString().replace('/', '.').replace('\\', '.');
    }

    Set<String> packages() throws IOException {
        return files().map(this::packageOf).collect(Collectors.toCollection(TreeSet::new));
    }

    Map<String, Integer> fileCounts() throws IOException {
        return files().collect(Collectors.toMap(this::packageOf, file -> 1, Integer::sum, TreeMap::new));
    }

    /** For each package: the packages below {@code base} that its files name, in imports, code or Javadoc. */
    Map<String, Set<String>> references(String base) throws IOException {
        Map<String, Set<String>> references = new TreeMap<>();
        files().forEach(file -> {
            Set<String> used = references.computeIfAbsent(packageOf(file), name -> new TreeSet<>());
            for (Matcher type = TYPE.matcher(read(file)); type.find(); ) {
                String target = type.group(1).substring(0, type.group(1).length() - 1);
                if ((target.equals(base) || target.startsWith(base + ".")) && !target.equals(packageOf(file))) {
                    used.add(target);
                }
            }
        });
        return references;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
