// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart;

import picocli.CommandLine;

/** The syntax of the commands that bring their own servers, for a test of the documentation. Runs nothing. */
public final class QuickstartSyntax {

    private QuickstartSyntax() {}

    /** A parser of the whole command line. */
    public static CommandLine parser() {
        return Quickstart.commandLine();
    }
}
