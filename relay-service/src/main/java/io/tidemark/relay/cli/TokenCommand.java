// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.outbox.Token;
import io.tidemark.relay.client.CannotAsk;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tidemark token decode T}. */
@Command(name = "token", description = "Decodes and seals tokens, without a database or a relay.")
final class TokenCommand {

    private TokenCommand() {}

    @Command(
            name = "seal",
            description = {
                "Prints the token as relays with tokens.secretFile accept it.",
                "Exit code: 0 fine, 1 not a token, 2 the secrets cannot be used."
            })
    int seal(
            @Parameters(paramLabel = "TOKEN", description = "The result of outbox.token().") String text,
            @Mixin TokenSecretOption secret,
            @Option(names = "--json", description = "Print one JSON object: {\"token\": …}.") boolean json)
            throws CannotAsk {
        if (!secret.isGiven()) {
            throw new CannotAsk("--token-secret-file is missing; name the relays' tokens.secretFile");
        }
        try {
            String sealed = secret.form().write(Token.parse(text));
            System.out.println(json ? JsonNodeFactory.instance.objectNode().put("token", sealed) : sealed);
            return TidemarkCli.FINE;
        } catch (IllegalArgumentException e) {
            System.err.println("tidemark: " + e.getMessage());
            return TidemarkCli.FAILED;
        }
    }

    @Command(
            name = "decode",
            description = {
                "Prints the content of a token, one line for each source and timeline.",
                "Exit code: 0 fine, 1 not a token."
            })
    int decode(
            @Parameters(paramLabel = "TOKEN", description = "The result of outbox.token(), or a sealed token.")
                    String text,
            @Mixin TokenSecretOption secret,
            @Option(names = "--json", description = "Print one JSON object: {\"parts\": […]}.") boolean json)
            throws CannotAsk {
        Token token;
        try {
            token = text.startsWith("tm") ? Token.parse(text) : secret.form().read(text);
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
