// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.config;

import io.tidemark.outbox.seal.TokenForm;
import io.tidemark.outbox.seal.TokenSeal;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How tokens are written for readers.
 *
 * @param secretFile file with one or two secrets, one on each line, that seal tokens; read again when it changes. Null for
 *     plain tokens
 */
public record TokensConfig(@Nullable String secretFile) {

    static final TokensConfig DEFAULT = new TokensConfig(null);

    public TokensConfig {
        if (secretFile != null && secretFile.isBlank()) {
            throw new ConfigurationProblem(
                    "tokens.secretFile is empty; name a file with one or two secrets, or remove the key");
        }
    }

    /**
     * Reads the file.
     *
     * @throws ConfigurationProblem when the file cannot be used
     */
    public TokenForm form() {
        if (secretFile == null) {
            return TokenForm.PLAIN;
        }
        try {
            return TokenSeal.ofFile(Path.of(secretFile));
        } catch (IllegalArgumentException e) {
            throw new ConfigurationProblem("tokens.secretFile: " + e.getMessage(), e);
        }
    }
}
