package io.tidemark.relay.cli;

import picocli.CommandLine.IVersionProvider;

/** Tidemark's version, from the jar it was built into. */
final class Version implements IVersionProvider {

    static String text() {
        return "tidemark " + number();
    }

    static String number() {
        String version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "(not built as a jar)" : version;
    }

    @Override
    public String[] getVersion() {
        return new String[] {text()};
    }
}
