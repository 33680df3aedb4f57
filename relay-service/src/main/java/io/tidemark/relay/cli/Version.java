// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cli;

import picocli.CommandLine.IVersionProvider;

/** Tidemark's version, from the jar it was built into. */
public final class Version implements IVersionProvider {

    static String text() {
        return "tidemark " + number();
    }

    /** For example {@code 0.1.0}, or {@code (not built as a jar)}. */
    public static String number() {
        String version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "(not built as a jar)" : version;
    }

    @Override
    public String[] getVersion() {
        return new String[] {text()};
    }
}
