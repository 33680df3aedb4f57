// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.metrics;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Parses Prometheus' text format. Makes the checks of {@code promtool check metrics}, which may not be installed. */
final class Exposition {

    /** The declaration of a metric, with the names of its labels. */
    record Family(String name, String type, String help, Set<String> labels) {}

    private static final Pattern SERIES = Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(.*)})? \\S+");
    private static final Pattern LABEL = Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=\"");
    private static final Pattern TYPE_IN_NAME = Pattern.compile("(^|_)(counter|gauge|histogram|summary)(_|$)");
    private static final Pattern OTHER_UNIT =
            Pattern.compile("_(ms|millis|milliseconds|minutes|hours|kilobytes|megabytes|kb|mb|bits|percent)(_|$)");

    private final Map<String, Family> families = new LinkedHashMap<>();
    private final List<String> problems = new ArrayList<>();

    private Exposition() {}

    static Exposition parse(String text) {
        Exposition exposition = new Exposition();
        Map<String, String> help = new LinkedHashMap<>();
        for (String line : text.lines().toList()) {
            if (line.startsWith("# HELP ")) {
                String[] parts = line.split(" ", 4);
                help.put(parts[2], parts.length > 3 ? parts[3] : "");
            } else if (line.startsWith("# TYPE ")) {
                String[] parts = line.split(" ", 4);
                Family family = new Family(parts[2], parts[3], help.getOrDefault(parts[2], ""), new TreeSet<>());
                if (exposition.families.put(family.name(), family) != null) {
                    exposition.problems.add(family.name() + " is declared twice");
                }
            } else if (!line.isBlank()) {
                exposition.addSeries(line);
            }
        }
        exposition.families.values().forEach(exposition::lint);
        return exposition;
    }

    private void addSeries(String line) {
        Matcher series = SERIES.matcher(line);
        if (!series.matches()) {
            problems.add("not a series: " + line);
            return;
        }
        String name = series.group(1);
        Family family = families.containsKey(name)
                ? families.get(name)
                : families.get(name.replaceFirst("_(bucket|sum|count)$", ""));
        if (family == null) {
            problems.add(name + " has no TYPE");
        } else if (series.group(2) != null) {
            Matcher label = LABEL.matcher(series.group(2));
            while (label.find()) {
                if (!label.group(1).equals("le") && !label.group(1).equals("quantile")) {
                    family.labels().add(label.group(1));
                }
            }
        }
    }

    private void lint(Family family) {
        String name = family.name();
        if (family.help().isBlank()) {
            problems.add(name + " has no HELP");
        }
        if (!name.matches("[a-z][a-z0-9_]*")) {
            problems.add(name + " is not in snake_case");
        }
        if (name.endsWith("_total") != family.type().equals("counter")) {
            problems.add(name + " is a " + family.type());
        }
        if (name.matches(".*_(bucket|sum|count)")) {
            problems.add(name + " looks like a part of a histogram");
        }
        if (TYPE_IN_NAME.matcher(name).find()) {
            problems.add(name + " has its type in its name");
        }
        if (OTHER_UNIT.matcher(name).find()) {
            problems.add(name + " is not in a base unit");
        }
        if (name.matches(".*_(seconds|bytes)_(.*_)?(seconds|bytes)(_total)?")) {
            problems.add(name + " has its unit twice");
        }
    }

    List<Family> families() {
        return List.copyOf(families.values());
    }

    List<String> problems() {
        return problems;
    }
}
