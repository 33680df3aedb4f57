// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cli;

import io.tidemark.outbox.Token;
import io.tidemark.outbox.seal.TokenForm;
import io.tidemark.outbox.seal.TokenSeal;
import io.tidemark.relay.client.CannotAsk;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The secrets of relays that accept only sealed tokens. */
final class TokenSecretOption {

    @Option(
            names = "--token-secret-file",
            paramLabel = "FILE",
            description = "The relays' tokens.secretFile, to seal what outbox.token() returned. A sealed token needs"
                    + " none.")
    private @Nullable Path file;

    boolean isGiven() {
        return file != null;
    }

    /** Plain without the option. */
    TokenForm form() throws CannotAsk {
        if (file == null) {
            return TokenForm.PLAIN;
        }
        try {
            return TokenSeal.ofFile(file);
        } catch (IllegalArgumentException e) {
            throw new CannotAsk("--token-secret-file: " + e.getMessage());
        }
    }

    /** The text to send to a relay: a sealed token or {@code now} as it is, a plain token in the form of the option. */
    String sent(String text) throws CannotAsk {
        return text.startsWith("tm") ? form().write(Token.parse(text)) : text;
    }
}
