// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.console.view;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which page and which command belong to the reason of a relay that does not publish. */
final class Runbook {

    static final String HALTS = "operations.md#when-it-halts";
    static final String STARTS = "operations.md#when-it-starts-and-waits";
    static final String STALLED = "operations.md#tidemarkpublishstalled";
    static final String NO_ACTIVE = "operations.md#tidemarknoactive";
    static final String LOST_SLOT = "operations.md#a-lost-slot";
    static final String SLOT = "operations.md#tidemarkslotunreserved";
    static final String UNACCOUNTED = "operations.md#rows-are-unaccounted-for";
    static final String GROUP = "operations.md#tidemarkgroupstalled";
    static final String UNKNOWN_PROJECTION = "operations.md#a-projection-is-unknown";
    static final String DEAD_LETTERS = "operations.md#tidemarkdeadlettersgrowing";

    private static final Map<Pattern, String> PAGES = new LinkedHashMap<>();

    static {
        page("cannot be published: .* leave this transaction out", "operations.md#a-transaction-that-cannot-be-read");
        page("older than replication slot", "operations.md#rows-are-older-than-the-slot");
        page("postgres\\.slot is|the outbox table is", "operations.md#two-configurations-for-one-source");
        page("replication slot .* is (gone|lost)", LOST_SLOT);
        page("unlogged or foreign", "operations.md#rows-that-the-wal-does-not-have");
        page("publication|was made again, swapped", "operations.md#the-publication-was-changed");
        page("is not a position", "operations.md#the-position-cannot-be-read");
        page("no longer in the database|of system|an older one", "operations.md#failover-of-postgres");
        page("dead letter", "dead-letters.md");
        page(
                "has no payload|has no route|has headers|is refused by Kafka|cannot be made",
                "dead-letters.md#what-is-poison");
        page("connection pooler", "operations.md#postgresurl-leads-through-a-connection-pooler");
    }

    private static final Pattern AFTER_RUN = Pattern.compile("run:? (?<command>[^;]+)");
    private static final Pattern TIDEMARK =
            Pattern.compile("(?<command>tidemark (adopt|audit|check|dead-letters|init|replay|slot)\\b[^;,.)]*)");

    private Runbook() {}

    private static void page(String reason, String page) {
        PAGES.put(Pattern.compile(reason), page);
    }

    /** All pages that it can name. */
    static Iterable<String> pages() {
        return PAGES.values();
    }

    /** The page about that reason; {@code otherwise} if none is about it in particular. */
    static String pageOf(String reason, String otherwise) {
        return PAGES.entrySet().stream()
                .filter(page -> page.getKey().matcher(reason).find())
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse(otherwise);
    }

    /** The command that the reason itself names; {@code otherwise} if it names none. */
    static String command(String reason, String otherwise) {
        for (Pattern pattern : new Pattern[] {TIDEMARK, AFTER_RUN}) {
            Matcher command = pattern.matcher(reason);
            if (command.find()) {
                return command.group("command").strip();
            }
        }
        return otherwise;
    }
}
