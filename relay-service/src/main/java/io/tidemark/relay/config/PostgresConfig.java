// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.config;

import io.tidemark.relay.reason.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Matcher;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;
import org.postgresql.PGProperty;

/**
 * How to reach the source database.
 *
 * @param url {@code jdbc:postgresql://host:port/database?…}; several hosts only with {@code targetServerType=primary}
 * @param user needs LOGIN, REPLICATION and SELECT on the outbox
 * @param password or {@code passwordFile}, not both; null for none
 * @param passwordFile read again at every connect, so that it can be rotated
 * @param slot the replication slot, created by {@code tidemark init}
 * @param publication created by the migrations
 * @param replicas standbys whose watermark can be requested
 */
public record PostgresConfig(
        String url,
        String user,
        @Nullable String password,
        @Nullable String passwordFile,
        String slot,
        String publication,
        List<ReplicaConfig> replicas) {

    private static final String PRIMARY = "primary";
    private static final String SLOT_NAME = "[a-z0-9_]{1,63}";
    /** pgoutput parses the name like an SQL identifier: it folds capital letters, and splits at a comma. */
    private static final String PUBLICATION_NAME = "[a-z_][a-z0-9_]{0,62}";

    public PostgresConfig(
            @Nullable String url,
            @Nullable String user,
            @Nullable String password,
            @Nullable String passwordFile,
            @Nullable String slot,
            @Nullable String publication,
            @Nullable List<ReplicaConfig> replicas) {
        this.url = Checks.required("postgres.url", url);
        this.user = Checks.required("postgres.user", user);
        this.password = password;
        this.passwordFile = passwordFile;
        this.slot = slot == null ? "tidemark" : slot;
        this.publication = publication == null ? "tidemark" : publication;
        if (password != null && passwordFile != null) {
            throw new ConfigurationProblem(
                    "postgres.password and postgres.passwordFile are both set; keep one of them");
        }
        if (!this.slot.matches(SLOT_NAME)) {
            throw new ConfigurationProblem("postgres.slot '" + this.slot
                    + "' is not a slot name; use up to 63 lower-case letters, digits and underscores");
        }
        if (!this.publication.matches(PUBLICATION_NAME)) {
            throw new ConfigurationProblem("postgres.publication '" + this.publication
                    + "' is a name that Postgres reads as another one in logical decoding, so events would be missing;"
                    + " use up to 63 lower-case letters, digits and underscores that begin with no digit, and rename the"
                    + " publication: alter publication \"" + this.publication.replace("\"", "\"\"") + "\" rename to …");
        }
        checkUrl("postgres.url", this.url);
        if (namesSeveralHosts(this.url)
                && !PRIMARY.equals(PGProperty.TARGET_SERVER_TYPE.getOrDefault(parsed(this.url)))) {
            throw new ConfigurationProblem("postgres.url names several hosts; add targetServerType=primary to its"
                    + " parameters, so that the relay finds the one that is the primary");
        }
        checkUser();
        checkDatabase();
        this.replicas = Checks.entries("postgres.replicas", replicas);
        Set<String> names = new HashSet<>();
        for (ReplicaConfig replica : this.replicas) {
            if (!names.add(replica.name())) {
                throw new ConfigurationProblem("postgres.replicas.name '" + replica.name()
                        + "' appears twice; give each replica its own name");
            }
        }
    }

    /** Debezium writes the name into an SQL literal without quoting it, and its query fails. */
    private void checkUser() {
        if (user.contains("'")) {
            throw new ConfigurationProblem("postgres.user is \"" + user + "\", and Debezium cannot connect as a user"
                    + " whose name has a single quote; rename it: alter role \"" + user.replace("\"", "\"\"")
                    + "\" rename to …");
        }
    }

    /** Debezium copies the name into a URL unchanged, where these characters have another meaning. */
    private void checkDatabase() {
        String name = database();
        Properties captured = Driver.parseURL("jdbc:postgresql://localhost:5432/" + name, new Properties());
        if (captured == null || !name.equals(PGProperty.PG_DBNAME.getOrDefault(captured))) {
            throw new ConfigurationProblem("postgres.url leads to database '" + name + "', whose name has a character"
                    + " that Debezium cannot connect with (+ % ? are some); rename it: alter database \""
                    + name.replace("\"", "\"\"") + "\" rename to …");
        }
    }

    /** The messages do not quote the URL: it may contain the password by mistake. */
    static void checkUrl(String key, String url) {
        Properties parsed = Driver.parseURL(url, new Properties());
        if (parsed == null
                || String.valueOf(PGProperty.PG_HOST.getOrDefault(parsed)).contains("@")) {
            throw new ConfigurationProblem(key + " is not a JDBC URL of Postgres; write it as"
                    + " jdbc:postgresql://host:5432/database, with user and password under their own keys");
        }
        if (PGProperty.USER.isPresent(parsed) || PGProperty.PASSWORD.isPresent(parsed)) {
            throw new ConfigurationProblem(key + " sets user or password; move them to postgres.user, and"
                    + " postgres.password or postgres.passwordFile");
        }
    }

    static boolean namesSeveralHosts(String url) {
        return String.valueOf(PGProperty.PG_HOST.getOrDefault(parsed(url))).contains(",");
    }

    private static Properties parsed(String url) {
        Properties parsed = Driver.parseURL(url, new Properties());
        if (parsed == null) {
            throw new IllegalStateException("the URL was checked by the constructor");
        }
        return parsed;
    }

    /** The same database for another user. */
    public PostgresConfig as(String otherUser, @Nullable String itsPasswordFile) {
        return new PostgresConfig(url, otherUser, null, itsPasswordFile, slot, publication, replicas);
    }

    /** The same database, at this one of the URL's hosts; unchanged if the URL names only one. */
    public PostgresConfig at(String host, int port) {
        return namesSeveralHosts(url)
                ? withUrl(url.replaceFirst("//[^/?]*", "//" + Matcher.quoteReplacement(host + ":" + port)))
                : this;
    }

    /** That standby, for the same user. */
    public PostgresConfig of(ReplicaConfig replica) {
        return withUrl(replica.url());
    }

    private PostgresConfig withUrl(String other) {
        return new PostgresConfig(other, user, password, passwordFile, slot, publication, replicas);
    }

    /**
     * The parts of the URL under pgjdbc's property names, including {@code PGHOST}, {@code PGPORT} and
     * {@code PGDBNAME}, without user and password.
     */
    public Properties urlProperties() {
        return parsed(url);
    }

    /** The database's name. */
    public String database() {
        return String.valueOf(PGProperty.PG_DBNAME.getOrDefault(urlProperties()));
    }

    /**
     * The current password, or null if none is configured.
     *
     * @throws ConfigurationProblem if the file cannot be read
     */
    public @Nullable String readPassword() {
        if (passwordFile == null) {
            return password;
        }
        try {
            return Files.readString(Path.of(passwordFile)).strip();
        } catch (IOException e) {
            String problem =
                    e instanceof NoSuchFileException ? "does not exist" : "cannot be read (" + Reason.of(e) + ")";
            throw new ConfigurationProblem(
                    "postgres.passwordFile " + passwordFile + " " + problem + ", so " + user
                            + " cannot log in; create it"
                            + " (in Kubernetes: the Secret that it comes from), or correct its path (for another user:"
                            + " --password-file)",
                    e);
        }
    }

    /** Without the password, and without the URL's parameters, which may include {@code sslpassword}. */
    @Override
    public String toString() {
        return user + "@" + url.replaceFirst("\\?.*", "");
    }
}
