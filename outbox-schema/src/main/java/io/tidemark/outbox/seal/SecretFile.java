// SPDX-License-Identifier: Apache-2.0
package io.tidemark.outbox.seal;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The secrets in a file, read again at most once a second. A file that cannot be used any more changes nothing: unlike
 * with bearer tokens, the secrets before it let nobody in, and without them all readers would be refused.
 */
final class SecretFile implements Supplier<List<SealKey>> {

    private static final Logger LOG = System.getLogger(SecretFile.class.getName());

    private static final long LOOK_EVERY_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long MOST_BYTES = 16 * 1024;

    private final Path file;
    private final LongSupplier nanoClock;
    private long lookedNanos;
    private List<String> lines;
    private List<SealKey> keys;
    private String problem = "";

    /** @throws IllegalArgumentException when the file cannot be used */
    SecretFile(Path file, LongSupplier nanoClock) {
        this.file = file;
        this.nanoClock = nanoClock;
        this.lookedNanos = nanoClock.getAsLong();
        try {
            this.lines = lines(file);
            this.keys = SealKey.of(lines);
        } catch (IOException e) {
            throw new IllegalArgumentException("token secrets in " + file + " cannot be used: " + why(e), e);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("token secrets in " + file + " cannot be used: " + e.getMessage(), e);
        }
    }

    @Override
    public synchronized List<SealKey> get() {
        long now = nanoClock.getAsLong();
        if (now - lookedNanos >= LOOK_EVERY_NANOS) { // by content: a mounted Secret may keep its time
            lookedNanos = now;
            look();
        }
        return keys;
    }

    /** The messages of these two exceptions are only a path. */
    private static String why(IOException e) {
        if (e instanceof NoSuchFileException) {
            return "it does not exist";
        }
        return e instanceof AccessDeniedException ? "access denied" : String.valueOf(e.getMessage());
    }

    private void look() {
        String found = "";
        try {
            List<String> read = lines(file);
            if (!read.equals(lines)) {
                keys = SealKey.of(read);
                lines = read;
                LOG.log(Level.INFO, "event=token-secrets-read secrets=" + keys.size());
            }
        } catch (IOException e) {
            found = why(e);
        } catch (IllegalArgumentException e) {
            found = String.valueOf(e.getMessage());
        }
        if (!found.isEmpty() && !found.equals(problem)) {
            LOG.log(
                    Level.ERROR,
                    "event=token-secrets-unusable file=" + file + " effect=\"the secrets before stay in use\" reason=\""
                            + found + "\"");
        }
        problem = found;
    }

    private static List<String> lines(Path file) throws IOException {
        if (Files.size(file) > MOST_BYTES) {
            throw new IllegalArgumentException("it has more than " + MOST_BYTES + " bytes; it holds a secret a line");
        }
        return Files.readString(file, StandardCharsets.ISO_8859_1)
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .toList();
    }
}
