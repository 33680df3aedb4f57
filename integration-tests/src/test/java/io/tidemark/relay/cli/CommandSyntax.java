// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cli;

import picocli.CommandLine;

/** The syntax of the relay's commands, for a test of the documentation. Runs nothing. */
public final class CommandSyntax {

    private CommandSyntax() {}

    /** A parser of the whole command line. */
    public static CommandLine parser() {
        return TidemarkCli.commandLine();
    }
}
