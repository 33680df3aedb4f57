// SPDX-License-Identifier: Apache-2.0
package io.tidemark.docs;

import io.tidemark.quickstart.QuickstartSyntax;
import io.tidemark.relay.cli.CommandSyntax;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import picocli.CommandLine;

/** The commands and options that {@code bin/tidemark} has. */
final class TidemarkSyntax {

    /** The launcher gives these to the quickstart. */
    private static final Set<String> QUICKSTART = Set.of("demo", "stack", "bench");

    private TidemarkSyntax() {}

    /**
     * Parses a whole command and does not run it.
     *
     * @throws CommandLine.ParameterException if {@code tidemark} would reject the command
     */
    static void parse(List<String> arguments) {
        parserOf(arguments).parseArgs(arguments.toArray(String[]::new));
    }

    /** The names of commands and options that do not exist. Other words are not looked at: they may be placeholders. */
    static List<String> unknownIn(List<String> words) {
        List<String> unknown = new ArrayList<>();
        CommandLine command = parserOf(words);
        for (int i = 0; i < words.size(); i++) {
            String name = words.get(i).replaceAll("[^a-zA-Z-].*", "");
            CommandLine subcommand = command.getSubcommands().get(name);
            if (subcommand != null) {
                command = subcommand;
            } else if (i == 0
                    || (name.startsWith("--")
                            && !command.getCommandSpec().optionsMap().containsKey(name))) {
                unknown.add(name);
            }
        }
        return unknown;
    }

    private static CommandLine parserOf(List<String> arguments) {
        return !arguments.isEmpty() && QUICKSTART.contains(arguments.get(0))
                ? QuickstartSyntax.parser()
                : CommandSyntax.parser();
    }
}
