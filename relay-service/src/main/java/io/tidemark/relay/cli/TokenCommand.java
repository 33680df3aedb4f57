// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.outbox.Token;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tidemark token decode T}. */
@Command(name = "token", description = "Decodes tokens, without a database or a relay.")
final class TokenCommand {

    private TokenCommand() {}

    @Command(
            name = "decode",
            description = {
                "Prints the content of a token, one line for each source and timeline.",
                "Exit code: 0 fine, 1 not a token."
            })
    int decode(
            @Parameters(paramLabel = "TOKEN", description = "The result of outbox.token().") String text,
            @Option(names = "--json", description = "Print one JSON object: {\"parts\": […]}.") boolean json) {
        Token token;
        try {
            token = Token.parse(text);
        } catch (IllegalArgumentException e) {
            System.err.println("tidemark: " + e.getMessage());
            return TidemarkCli.FAILED;
        }
        if (json) {
            ObjectNode decoded = JsonNodeFactory.instance.objectNode();
            ArrayNode parts = decoded.putArray("parts");
            token.parts()
                    .forEach(part -> parts.addObject()
                            .put("source", part.source())
                            .put("timeline", part.timeline())
                            .put("lsn", part.lsn().toString()));
            System.out.println(decoded);
            return TidemarkCli.FINE;
        }
        for (Token.Part part : token.parts()) {
            System.out.println("source=" + part.source() + " timeline=" + part.timeline() + " lsn=" + part.lsn());
        }
        return TidemarkCli.FINE;
    }
}
