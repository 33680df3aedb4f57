package io.tidemark.relay.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.regex.Matcher;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;
import org.postgresql.PGProperty;

/**
 * How to reach the source database.
 *
 * @param url {@code jdbc:postgresql://host:port/database?…}; several hosts only with
 *     {@code targetServerType=primary}
 * @param user needs LOGIN, REPLICATION and SELECT on the outbox
 * @param password or {@code passwordFile}, not both; null for none
 * @param passwordFile read again at every connect, so that it can be rotated
 * @param slot the replication slot, made by {@code tidemark init}
 * @param publication made by the migrations
 */
public record PostgresConfig(
        String url,
        String user,
        @Nullable String password,
        @Nullable String passwordFile,
        String slot,
        String publication) {

    private static final String PRIMARY = "primary";
    private static final String SLOT_NAME = "[a-z0-9_]{1,63}";

    public PostgresConfig(
            @Nullable String url,
            @Nullable String user,
            @Nullable String password,
            @Nullable String passwordFile,
            @Nullable String slot,
            @Nullable String publication) {
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
        checkUrl(this.url);
    }

    /** Its messages do not quote the URL: whoever gets it wrong may have put the password in. */
    private static void checkUrl(String url) {
        Properties parsed = Driver.parseURL(url, new Properties());
        String host = parsed == null ? "@" : String.valueOf(PGProperty.PG_HOST.getOrDefault(parsed));
        if (parsed == null || host.contains("@")) {
            throw new ConfigurationProblem("postgres.url is not a JDBC URL of Postgres; write it as"
                    + " jdbc:postgresql://host:5432/database, with user and password under keys of their own");
        }
        if (PGProperty.USER.isPresent(parsed) || PGProperty.PASSWORD.isPresent(parsed)) {
            throw new ConfigurationProblem("postgres.url sets user or password; move them to postgres.user, and"
                    + " postgres.password or postgres.passwordFile");
        }
        if (host.contains(",") && !PRIMARY.equals(PGProperty.TARGET_SERVER_TYPE.getOrDefault(parsed))) {
            throw new ConfigurationProblem("postgres.url names several hosts; add targetServerType=primary to its"
                    + " parameters, so that the relay finds the one that is the primary");
        }
    }

    /** The same database for another user. */
    public PostgresConfig as(String otherUser, @Nullable String itsPasswordFile) {
        return new PostgresConfig(url, otherUser, null, itsPasswordFile, slot, publication);
    }

    /** The same database, but at this one of the URL's hosts; unchanged where the URL names only one. */
    public PostgresConfig at(String host, int port) {
        if (!String.valueOf(PGProperty.PG_HOST.getOrDefault(urlProperties())).contains(",")) {
            return this;
        }
        String one = url.replaceFirst("//[^/?]*", "//" + Matcher.quoteReplacement(host + ":" + port));
        return new PostgresConfig(one, user, password, passwordFile, slot, publication);
    }

    /**
     * The URL's parts under pgjdbc's own property names, {@code PGHOST}, {@code PGPORT} and {@code PGDBNAME} among
     * them, without user and password.
     */
    public Properties urlProperties() {
        Properties parsed = Driver.parseURL(url, new Properties());
        if (parsed == null) {
            throw new IllegalStateException("the URL was checked by the constructor");
        }
        return parsed;
    }

    /** The database's name. */
    public String database() {
        return String.valueOf(PGProperty.PG_DBNAME.getOrDefault(urlProperties()));
    }

    /**
     * The password of now, or null when none is configured.
     *
     * @throws ConfigurationProblem when the file cannot be read
     */
    public @Nullable String readPassword() {
        if (passwordFile == null) {
            return password;
        }
        try {
            return Files.readString(Path.of(passwordFile)).strip();
        } catch (IOException e) {
            throw new ConfigurationProblem("postgres.passwordFile " + passwordFile + " cannot be read: " + e, e);
        }
    }

    /** Without the password, and without the URL's parameters, of which {@code sslpassword} is one. */
    @Override
    public String toString() {
        return user + "@" + url.replaceFirst("\\?.*", "");
    }
}
