// SPDX-License-Identifier: Apache-2.0
package io.tidemark.docs;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The output that a page shows. It matches a real output that differs only in ids, LSNs, times and numbers, and in
 * white space. {@code …} stands for anything. Hints of {@code tidemark check} depend on the version of Postgres, and
 * are not compared.
 */
final class ShownOutput {

    private static final Pattern UUID = Pattern.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}");
    private static final Pattern TOKEN = Pattern.compile("tm1\\.[0-9a-f]{8}\\.\\d+\\.[0-9A-F]{16}");

    private static final String SEPARATOR_OF_PSQL = "-{3,}(\\+-+)*";
    private static final String HINT = "; hint: [^\n]*";
    private static final String TIME = "\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d:\\d\\d[.,\\d]*Z?";
    private static final String LSN = "\\b[0-9A-F]{1,8}/[0-9A-F]{1,8}\\b";
    private static final String SOURCE = "\\b[0-9a-f]{8}\\b";

    private final String shown;

    ShownOutput(String shown) {
        this.shown = shown;
    }

    /** Whether this is the whole output. */
    boolean isAllOf(String output) {
        return pattern().matcher(comparable(output)).matches();
    }

    /** Whether the output starts like this. */
    boolean isStartOf(String output) {
        return pattern().matcher(comparable(output)).lookingAt();
    }

    /** What the real output has in the place of each id and token that the page shows. */
    void learn(String output, Map<String, String> real) {
        for (Pattern kind : List.of(TOKEN, UUID)) {
            List<String> here = all(kind, shown);
            List<String> there = all(kind, output);
            for (int i = 0; i < Math.min(here.size(), there.size()); i++) {
                real.put(here.get(i), there.get(i));
            }
        }
    }

    private static List<String> all(Pattern kind, String text) {
        List<String> found = new ArrayList<>();
        Matcher matcher = kind.matcher(text);
        while (matcher.find()) {
            found.add(matcher.group());
        }
        return found;
    }

    private Pattern pattern() {
        String text = comparable(shown);
        return Pattern.compile(
                Pattern.compile("…").splitAsStream(text).map(Pattern::quote).collect(Collectors.joining(".*"))
                        + (text.endsWith("…") ? ".*" : ""),
                Pattern.DOTALL);
    }

    private static String comparable(String text) {
        return text.replaceAll(HINT, "")
                .replaceAll(SEPARATOR_OF_PSQL, "")
                .replaceAll(TOKEN.pattern(), "TOKEN")
                .replaceAll(UUID.pattern(), "ID")
                .replaceAll(TIME, "TIME")
                .replaceAll("[0-9a-f]{8}/[0-9A-F]{16}/\\d{8}", "POSITION")
                .replaceAll(LSN, "LSN")
                .replaceAll(SOURCE, "SOURCE")
                .replaceAll("\\d+(\\.\\d+)?", "N")
                .replaceAll("\\s", "");
    }
}
