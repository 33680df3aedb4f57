// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.config;

import org.jspecify.annotations.Nullable;

/**
 * Who may ask over HTTP, on the application port.
 *
 * @param bearerTokenFile a token a line; whoever shows one of them may ask, and nobody else. Read again when it
 *     changes; null for everybody
 */
public record HttpConfig(@Nullable String bearerTokenFile) {

    static final HttpConfig DEFAULT = new HttpConfig(null);

    public HttpConfig {
        if (bearerTokenFile != null && bearerTokenFile.isBlank()) {
            throw new ConfigurationProblem(
                    "http.bearerTokenFile is empty; name a file with a token a line, or remove the key");
        }
    }
}
