// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.stack;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The user that runs Postgres, which refuses to run as root. An ordinary user runs it directly. Root runs it in a user
 * namespace, where files still belong to root. If a container forbids that, root runs it as {@code nobody}, which must
 * own the data directory.
 */
enum PostgresUser {
    SELF(""),
    NAMESPACE("unshare -U"),
    NOBODY("setpriv --reuid=65534 --regid=65534 --clear-groups");

    private final String prefix;

    PostgresUser(String prefix) {
        this.prefix = prefix;
    }

    static PostgresUser detect() {
        if (!"root".equals(System.getProperty("user.name"))) {
            return SELF;
        }
        if (NAMESPACE.works()) {
            return NAMESPACE;
        }
        if (NOBODY.works()) {
            return NOBODY;
        }
        throw new StackException("Postgres does not run as root, and neither 'unshare -U' nor 'setpriv' (util-linux)"
                + " works here; run this as an ordinary user");
    }

    private boolean works() {
        try {
            Process probe = new ProcessBuilder(command(List.of("true")))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return probe.waitFor(10, TimeUnit.SECONDS) && probe.exitValue() == 0;
        } catch (IOException e) {
            return false; // the program does not exist
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    List<String> command(List<String> command) {
        List<String> whole = new ArrayList<>(prefix.isEmpty() ? List.of() : List.of(prefix.split(" ", -1)));
        whole.addAll(command);
        return whole;
    }

    /** The directory to use for {@code wanted}: another one if {@code nobody} has no access to it. */
    Path reachable(Path wanted) {
        if (this != NOBODY || othersCanEnter(wanted.toAbsolutePath().getParent())) {
            return wanted;
        }
        String name =
                HexFormat.of().toHexDigits(wanted.toAbsolutePath().normalize().hashCode());
        return Path.of("/var/tmp", "tidemark-" + name);
    }

    private static boolean othersCanEnter(@Nullable Path dir) {
        try {
            for (Path at = dir; at != null; at = at.getParent()) {
                if (Files.exists(at)
                        && !Files.getPosixFilePermissions(at).contains(PosixFilePermission.OTHERS_EXECUTE)) {
                    return false;
                }
            }
            return true;
        } catch (IOException e) {
            throw new StackException("cannot read the permissions of " + dir + ": " + e.getMessage(), e);
        }
    }

    /** Makes the directory writable for Postgres. */
    void own(Path dir) {
        if (this != NOBODY) {
            return;
        }
        try {
            Process chown = new ProcessBuilder("chown", "-R", "65534:65534", dir.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (chown.waitFor() != 0) {
                throw new StackException(
                        "cannot change the owner of " + dir + " to nobody, the user that would run" + " Postgres");
            }
        } catch (IOException e) {
            throw new StackException("cannot run chown: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StackException("interrupted", e);
        }
    }
}
