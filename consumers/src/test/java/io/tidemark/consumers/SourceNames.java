// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The type names that a module's sources mention outside comments and text: imports, full names, and neighbours. */
final class SourceNames {

    private static final Path SOURCES = Path.of("src/main/java");

    private static final Pattern COMMENT_OR_TEXT = Pattern.compile(
            "\"\"\".*?\"\"\"|\"(?:\\\\.|[^\"\\\\])*\"|'(?:\\\\.|[^'\\\\])+'|/\\*.*?\\*/|//[^\\n]*", Pattern.DOTALL);
    private static final Pattern FULL_NAME = Pattern.compile("\\b((?:[a-z]\\w*\\.)+)([A-Z]\\w*|\\*)");
    private static final Pattern NEIGHBOUR = Pattern.compile("(?<![\\w.])[A-Z]\\w*");

    /** By full name; with the text. */
    private final Map<String, String> files;

    private SourceNames(Map<String, String> files) {
        this.files = files;
    }

    static SourceNames below(String packageName) {
        Path folder = SOURCES.resolve(packageName.replace('.', '/'));
        Map<String, String> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path file :
                    all.filter(path -> path.toString().endsWith(".java")).toList()) {
                String name = SOURCES.relativize(file).toString().replace('/', '.');
                files.put(name.substring(0, name.length() - ".java".length()), Files.readString(file));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new SourceNames(files);
    }

    /** From each file's type to the top-level types it mentions. */
    Map<String, Set<String>> mentions() {
        Map<String, Set<String>> mentions = new TreeMap<>();
        files.forEach((type, code) -> {
            Set<String> targets = mentionsOf(packageOf(type), code);
            targets.remove(type);
            mentions.put(type, targets);
        });
        return mentions;
    }

    /** The types that the source mentions. A wildcard import would hide names, so it is an error. */
    Set<String> mentionsOf(String packageName, String code) {
        String bare = COMMENT_OR_TEXT.matcher(code).replaceAll(" ");
        Set<String> mentions = new TreeSet<>();
        Matcher full = FULL_NAME.matcher(bare);
        while (full.find()) {
            if (full.group(2).equals("*")) {
                throw new AssertionError("wildcard import " + full.group() + " in " + packageName);
            }
            mentions.add(full.group(1) + full.group(2));
        }
        Matcher near = NEIGHBOUR.matcher(bare);
        while (near.find()) {
            String neighbour = packageName + "." + near.group();
            if (files.containsKey(neighbour)) {
                mentions.add(neighbour);
            }
        }
        return mentions;
    }

    Map<String, Integer> filesOfPackages() {
        return files.keySet().stream()
                .collect(Collectors.toMap(SourceNames::packageOf, type -> 1, Integer::sum, TreeMap::new));
    }

    private static String packageOf(String type) {
        return type.substring(0, type.lastIndexOf('.'));
    }
}
