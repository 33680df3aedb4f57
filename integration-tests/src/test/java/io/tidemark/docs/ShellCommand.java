// SPDX-License-Identifier: Apache-2.0
package io.tidemark.docs;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One command of a page, which may take several lines.
 *
 * @param source as the page has it, without the prompt
 * @param words as a shell passes them on: without quotes and comments
 * @param output the lines below a command that follows a prompt
 */
record ShellCommand(String source, List<String> words, String output) {

    static final String PROMPT = "$ ";

    /** @param prompts whether commands follow a prompt, and other lines are their output */
    static List<ShellCommand> in(String text, boolean prompts) {
        List<ShellCommand> commands = new ArrayList<>();
        int at = 0;
        while (at < text.length()) {
            if (prompts && !text.startsWith(PROMPT, at)) {
                throw new IllegalArgumentException("no prompt at: " + text.substring(at));
            }
            Scan scan = new Scan(text, prompts ? at + PROMPT.length() : at);
            int end = prompts ? nextPrompt(text, scan.at) : scan.at;
            if (!scan.words.isEmpty()) {
                commands.add(new ShellCommand(scan.source(), scan.words, text.substring(scan.at, end)));
            }
            at = end;
        }
        return commands;
    }

    private static int nextPrompt(String text, int from) {
        if (text.startsWith(PROMPT, from)) {
            return from;
        }
        int next = text.indexOf("\n" + PROMPT, from);
        return next < 0 ? text.length() : next + 1;
    }

    /** The program: the first word that does not set a variable. */
    String program() {
        return words.get(variables());
    }

    /** What follows the program. */
    List<String> arguments() {
        return words.subList(variables() + 1, words.size());
    }

    private int variables() {
        int count = 0;
        while (count < words.size() - 1 && words.get(count).matches("[A-Z_]+=.*")) {
            count++;
        }
        return count;
    }

    boolean isTidemark() {
        return program().equals("tidemark") || program().equals("bin/tidemark");
    }

    /** Reads one command. The words are split as POSIX does it, as far as pages need that. */
    private static final class Scan {

        private final String text;
        private final int from;
        private final List<String> words = new ArrayList<>();
        private @Nullable StringBuilder word;
        private int at;

        private Scan(String text, int from) {
            this.text = text;
            this.from = from;
            this.at = from;
            while (at < text.length() && text.charAt(at) != '\n') {
                step();
            }
            endWord();
            at = Math.min(text.length(), at + 1);
        }

        private String source() {
            return text.substring(from, at).strip();
        }

        private void step() {
            char c = text.charAt(at);
            if (c == '\\' && at + 1 < text.length()) {
                if (text.charAt(at + 1) != '\n') {
                    word().append(text.charAt(at + 1));
                }
                at += 2;
            } else if (c == '\'' || c == '"') {
                int close = text.indexOf(c, at + 1);
                if (close < 0) {
                    throw new IllegalArgumentException("a quote is not closed: " + text.substring(at));
                }
                word().append(text, at + 1, close);
                at = close + 1;
            } else if (c == '#' && word == null) {
                int end = text.indexOf('\n', at);
                at = end < 0 ? text.length() : end;
            } else if (c == ' ') {
                endWord();
                at++;
            } else {
                word().append(c);
                at++;
            }
        }

        private StringBuilder word() {
            if (word == null) {
                word = new StringBuilder();
            }
            return word;
        }

        private void endWord() {
            if (word != null) {
                words.add(word.toString());
                word = null;
            }
        }
    }
}
