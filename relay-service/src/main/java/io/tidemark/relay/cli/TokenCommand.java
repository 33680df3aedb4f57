package io.tidemark.relay.cli;

import io.tidemark.outbox.Token;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code tidemark token decode T}. */
@Command(name = "token", description = "Looks into tokens.")
final class TokenCommand {

    private TokenCommand() {}

    @Command(name = "decode", description = "Prints what a token says, one line for each source and timeline.")
    int decode(@Parameters(paramLabel = "TOKEN") String text) {
        Token token;
        try {
            token = Token.parse(text);
        } catch (IllegalArgumentException e) {
            System.err.println("tidemark: " + e.getMessage());
            return TidemarkCli.FAILED;
        }
        for (Token.Part part : token.parts()) {
            System.out.println("source=" + part.source() + " timeline=" + part.timeline() + " lsn=" + part.lsn());
        }
        return TidemarkCli.FINE;
    }
}
