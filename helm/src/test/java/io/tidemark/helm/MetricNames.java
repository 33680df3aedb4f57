// SPDX-License-Identifier: Apache-2.0
package io.tidemark.helm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The relay's metrics from docs/metrics.md, which a test compares with the code, and the metrics in expressions. */
final class MetricNames {

    private static final Path REFERENCE = Chart.DIRECTORY.resolve("../../docs/metrics.md");
    private static final Pattern NAME = Pattern.compile("\\b(?:tidemark|jvm|process)_[a-z0-9_]+");

    private MetricNames() {}

    static Set<String> exported() {
        try {
            Set<String> exported = new TreeSet<>();
            for (String line : Files.readAllLines(REFERENCE)) {
                if (line.startsWith("| `") || line.contains("`jvm_") || line.contains("`process_")) {
                    exported.addAll(find(line.startsWith("| `") ? line.split("\\|", -1)[1] : line));
                }
            }
            return exported;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Without the suffixes of a histogram. */
    static Set<String> in(String expression) {
        Set<String> names = new TreeSet<>();
        find(expression).forEach(name -> names.add(name.replaceFirst("_seconds_(bucket|sum|count)$", "_seconds")));
        return names;
    }

    private static Set<String> find(String text) {
        Set<String> names = new TreeSet<>();
        Matcher matcher = NAME.matcher(text);
        while (matcher.find()) {
            names.add(matcher.group());
        }
        return names;
    }
}
