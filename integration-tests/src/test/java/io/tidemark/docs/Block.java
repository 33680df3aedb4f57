// SPDX-License-Identifier: Apache-2.0
package io.tidemark.docs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A fenced block of a page.
 *
 * @param page path from the root of the repository
 * @param line of the opening fence, from 1
 * @param language behind the opening fence; empty if there is none
 * @param marker the comment in the line above the fence, without {@code <!--} and {@code -->}; empty if there is none
 * @param text without the indentation of the fence
 */
record Block(String page, int line, String language, String marker, String text) {

    static final String NOT_RUN = "not run: ";
    static final String RUN_BY = "run by: ";
    static final String CHART = "values of the chart";

    private static final Pattern FENCE = Pattern.compile("( *)```(.*)");
    private static final Pattern MARKER =
            Pattern.compile(" *<!-- (" + NOT_RUN + ".+|" + RUN_BY + ".+|" + CHART + ") -->");

    /** All blocks of a page, in order. */
    static List<Block> of(Path root, Path page) throws IOException {
        List<Block> blocks = new ArrayList<>();
        List<String> lines = Files.readAllLines(page);
        String name = root.relativize(page).toString();
        for (int at = 0; at < lines.size(); at++) {
            Matcher fence = FENCE.matcher(lines.get(at));
            if (fence.matches()) {
                int opened = at;
                Matcher marker = MARKER.matcher(opened == 0 ? "" : lines.get(opened - 1));
                StringBuilder text = new StringBuilder();
                for (at++; at < lines.size() && !lines.get(at).strip().equals("```"); at++) {
                    text.append(withoutIndentation(lines.get(at), fence.group(1).length()))
                            .append('\n');
                }
                blocks.add(new Block(
                        name,
                        opened + 1,
                        fence.group(2).strip(),
                        marker.matches() ? marker.group(1) : "",
                        text.toString()));
            }
        }
        return blocks;
    }

    private static String withoutIndentation(String line, int width) {
        return line.isBlank() ? "" : line.substring(Math.min(width, line.length()));
    }

    boolean isMarked(String kind) {
        return marker.startsWith(kind);
    }

    /** Its commands for a shell: {@code sh} has commands only, {@code console} also their output. */
    List<ShellCommand> commands() {
        return switch (language) {
            case "sh" -> ShellCommand.in(text, false);
            case "console" -> ShellCommand.in(text, true);
            default -> List.of();
        };
    }

    @Override
    public String toString() {
        return page + ":" + line;
    }
}
