// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.benchmark.peer;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** What was measured of the peers, in several rounds; prints the medians. One thread. */
final class Figures {

    /** A column of the table. */
    enum Figure {
        START_SECONDS("start to first event, s", 1),
        START_CPU_SECONDS("CPU until then, s", 1),
        COLD_PER_SECOND("events/s, first half", 0),
        WARM_PER_SECOND("second half", 0),
        COLD_CPU("CPU s per million, first half", 1),
        WARM_CPU("second half", 1),
        PEAK_MEGABYTES("peak RSS, MB", 0),
        PACED_P50_MILLIS("paced p50, ms", 1),
        PACED_P99_MILLIS("p99, ms", 1),
        PACED_CPU_PERCENT("CPU, % of a core", 0),
        IDLE_CPU_PERCENT("idle CPU, %", 1);

        private final String title;
        private final int decimals;

        Figure(String title, int decimals) {
            this.title = title;
            this.decimals = decimals;
        }
    }

    private final Map<String, Map<Figure, List<Double>>> measured = new LinkedHashMap<>();

    void add(String peer, Figure figure, double value) {
        measured.computeIfAbsent(peer, name -> new LinkedHashMap<>())
                .computeIfAbsent(figure, any -> new ArrayList<>())
                .add(value);
    }

    private static double median(List<Double> values) {
        List<Double> sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    /** The medians. */
    String markdown() {
        StringBuilder text = new StringBuilder("| |");
        for (Figure figure : Figure.values()) {
            text.append(' ').append(figure.title).append(" |");
        }
        text.append("\n|").append(" --- |".repeat(Figure.values().length + 1)).append('\n');
        measured.forEach((peer, figures) -> {
            text.append("| ").append(peer).append(" |");
            for (Figure figure : Figure.values()) {
                List<Double> values = figures.get(figure);
                text.append(' ')
                        .append(
                                values == null
                                        ? ""
                                        : String.format(Locale.ROOT, "%,." + figure.decimals + "f", median(values)))
                        .append(" |");
            }
            text.append('\n');
        });
        return text.toString();
    }

    /** Every value of every round, by peer and figure. */
    Map<String, Map<String, List<Double>>> all() {
        Map<String, Map<String, List<Double>>> all = new LinkedHashMap<>();
        measured.forEach((peer, figures) -> {
            Map<String, List<Double>> named = new LinkedHashMap<>();
            figures.forEach((figure, values) -> named.put(figure.name().toLowerCase(Locale.ROOT), values));
            all.put(Objects.requireNonNull(peer), named);
        });
        return all;
    }
}
