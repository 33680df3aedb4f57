// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.console.view;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.assemble.Assembled;
import io.tidemark.relay.assemble.UnreadableTransaction;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Each page that a finding names exists, and its anchor, too. */
class RunbookTest {

    private static final Path DOCS = Path.of("..", "docs");

    private static Set<String> anchors(String page) throws Exception {
        return Files.readAllLines(DOCS.resolve(page)).stream()
                .filter(line -> line.startsWith("#"))
                .map(line -> line.replaceFirst("#+ ", "")
                        .toLowerCase(Locale.ROOT)
                        .replaceAll("[^\\p{L}\\p{N} _-]", "")
                        .replace(' ', '-'))
                .collect(Collectors.toSet());
    }

    @Test
    void everyPageAndAnchorExists() throws Exception {
        List<String> pages = new ArrayList<>(List.of(
                Runbook.HALTS,
                Runbook.STARTS,
                Runbook.STALLED,
                Runbook.NO_ACTIVE,
                Runbook.LOST_SLOT,
                Runbook.SLOT,
                Runbook.UNACCOUNTED,
                Runbook.GROUP,
                Runbook.UNKNOWN_PROJECTION,
                Runbook.DEAD_LETTERS));
        Runbook.pages().forEach(pages::add);

        for (String page : pages) {
            int hash = page.indexOf('#');
            String file = hash < 0 ? page : page.substring(0, hash);
            assertThat(DOCS.resolve(file)).exists();
            if (hash >= 0) {
                assertThat(anchors(file)).as(page).contains(page.substring(hash + 1));
            }
        }
    }

    @Test
    void findsPageAndCommandInTheReason() {
        String reason = "publication tidemark was altered: events committed in (0/1, 0/2] may be missing; run: tidemark"
                + " adopt CONFIG, then look";

        assertThat(Runbook.pageOf(reason, Runbook.HALTS)).isEqualTo("operations.md#the-publication-was-changed");
        assertThat(Runbook.command(reason, "x")).isEqualTo("tidemark adopt CONFIG");
        assertThat(Runbook.command("it may not; run: grant select on outbox.event to x", "x"))
                .isEqualTo("grant select on outbox.event to x");
        String unreadable = String.valueOf(new UnreadableTransaction(new Assembled.Unreadable(
                        Lsn.parse("0/300"), "it has another table than the publication, and no column"))
                .getMessage());
        assertThat(Runbook.pageOf(unreadable, "x")).isEqualTo("operations.md#a-transaction-that-cannot-be-read");
        assertThat(Runbook.command(unreadable, "x")).isEqualTo("tidemark adopt --at 0/300 CONFIG");
        assertThat(Runbook.command("nothing to run", "tidemark check CONFIG")).isEqualTo("tidemark check CONFIG");
        assertThat(Runbook.pageOf("something else", Runbook.HALTS)).isEqualTo(Runbook.HALTS);
    }
}
