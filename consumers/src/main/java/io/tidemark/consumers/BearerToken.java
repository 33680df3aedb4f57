package io.tidemark.consumers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The token that a relay with {@code http.bearerTokenFile} wants to see. Asked with each request, because tokens rotate. */
@FunctionalInterface
public interface BearerToken {

    /**
     * The one to show now; called on the asking thread, so keep it quick.
     *
     * @throws IOException when there is none just now; the request is tried again, as if the relay were away
     */
    String current() throws IOException;

    /** The first line of the file, read anew with each request. */
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
