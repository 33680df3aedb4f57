// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http.server;

import io.tidemark.relay.reason.Reason;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The bearer tokens in a file, one on each line. For any thread. The file is read again within a second of a change, so
 * that tokens can be rotated. If the file cannot be used, no request is let in, and the log has the reason.
 */
public final class BearerTokens {

    private static final Logger LOG = LoggerFactory.getLogger(BearerTokens.class);

    private static final String SCHEME = "bearer ";
    private static final long LOOK_EVERY_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final int LEAST_LENGTH = 16;
    private static final int MOST_TOKENS = 100;
    private static final long MOST_BYTES = 64 * 1024;

    private final Path file;
    private final LongSupplier nanoClock;
    private long lookedNanos;
    private Loaded loaded;

    /** Digests, so that a comparison discloses nothing, not even a length. Empty if there is a problem. */
    private record Loaded(List<byte[]> digests, String problem) {}

    private BearerTokens(Path file, LongSupplier nanoClock) {
        this.file = file;
        this.nanoClock = nanoClock;
        this.lookedNanos = nanoClock.getAsLong();
        this.loaded = load(file);
        logProblem();
    }

    public static BearerTokens of(Path file) {
        return new BearerTokens(file, System::nanoTime);
    }

    static BearerTokens of(Path file, LongSupplier nanoClock) {
        return new BearerTokens(file, nanoClock);
    }

    /** Whether a request with this header is let in. */
    public boolean letIn(@Nullable String authorization) {
        return tokenOf(authorization).filter(this::accepts).isPresent();
    }

    /** The token in the header; empty if it has no bearer token. */
    static Optional<String> tokenOf(@Nullable String authorization) {
        return authorization != null && authorization.toLowerCase(Locale.ROOT).startsWith(SCHEME)
                ? Optional.of(authorization.substring(SCHEME.length()).strip())
                : Optional.empty();
    }

    /** Why no request is let in; empty if the file can be used. */
    String problem() {
        return current().problem();
    }

    /** Whether the token is in the file. Takes the same time whether or not it resembles one of them. */
    boolean accepts(String token) {
        byte[] digest = digest(token);
        boolean found = false;
        for (byte[] known : current().digests()) {
            found |= MessageDigest.isEqual(known, digest);
        }
        return found;
    }

    private synchronized Loaded current() {
        long now = nanoClock.getAsLong();
        if (now - lookedNanos >= LOOK_EVERY_NANOS) { // by content: a mounted Secret may keep its time
            lookedNanos = now;
            String before = loaded.problem();
            loaded = load(file);
            if (!loaded.problem().equals(before)) {
                logProblem();
            }
        }
        return loaded;
    }

    private void logProblem() {
        if (loaded.problem().isEmpty()) {
            LOG.info("event=bearer-tokens-read tokens={}", loaded.digests().size());
        } else {
            LOG.error(
                    "event=bearer-tokens-unusable effect=\"every request is refused\" reason=\"{}\"", loaded.problem());
        }
    }

    private static Loaded load(Path file) {
        try {
            if (Files.size(file) > MOST_BYTES) {
                return unusable(file, "has more than " + MOST_BYTES + " bytes; it holds a token a line");
            }
            List<byte[]> digests = new ArrayList<>();
            for (String line : Files.readAllLines(file)) {
                String token = line.strip();
                if (token.isEmpty()) {
                    continue;
                }
                if (token.length() < LEAST_LENGTH || token.chars().anyMatch(c -> c <= ' ' || c > '~')) {
                    return unusable(
                            file,
                            "has a line that is not a token of " + LEAST_LENGTH
                                    + " or more visible ASCII characters; make one with: openssl rand -hex 32");
                }
                digests.add(digest(token));
            }
            if (digests.isEmpty() || digests.size() > MOST_TOKENS) {
                return unusable(file, "has " + digests.size() + " tokens; it must have 1 to " + MOST_TOKENS);
            }
            return new Loaded(List.copyOf(digests), "");
        } catch (IOException e) {
            return unusable(file, "cannot be read: " + Reason.of(e));
        }
    }

    private static Loaded unusable(Path file, String why) {
        return new Loaded(List.of(), "http.bearerTokenFile " + file + " " + why);
    }

    private static byte[] digest(String token) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
