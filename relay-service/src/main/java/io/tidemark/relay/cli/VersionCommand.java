package io.tidemark.relay.cli;

import picocli.CommandLine.Command;

/** {@code tidemark version}. */
@Command(name = "version", description = "Prints the version.")
final class VersionCommand implements Runnable {

    @Override
    public void run() {
        System.out.println(Version.text());
    }
}
