// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The token that a relay with {@code http.bearerTokenFile} requires. Read with each request, because tokens rotate. */
@FunctionalInterface
public interface BearerToken {

    /**
     * The token to send now; called on the thread that sends the request, so keep it quick. Several threads may call it.
     *
     * @throws IOException if it has no token now; the request is tried again, as if the relay were unreachable
     */
    String current() throws IOException;

    /** The first line of the file, read again for each request. */
    static BearerToken ofFile(Path file) {
        return () -> {
            String token = Files.readString(file).lines().findFirst().orElse("").strip();
            if (token.isEmpty()) {
                throw new IOException("no bearer token in the first line of " + file);
            }
            return token;
        };
    }
}
