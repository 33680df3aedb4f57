// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.config;

import org.jspecify.annotations.Nullable;

/**
 * Access to the API on the application port.
 *
 * @param bearerTokenFile file with one token on each line; requests must present one of them. Read again when it
 *     changes; null for access without a token
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
