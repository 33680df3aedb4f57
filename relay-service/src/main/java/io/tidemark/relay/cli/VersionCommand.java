// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code tidemark version}. */
@Command(name = "version", description = "Prints the version.")
final class VersionCommand implements Runnable {

    @Option(names = "--json", description = "Print one JSON object: {\"version\": …}.")
    private boolean json;

    @Override
    public void run() {
        System.out.println(
                json ? JsonNodeFactory.instance.objectNode().put("version", Version.number()) : Version.text());
    }
}
