// SPDX-License-Identifier: Apache-2.0
package io.tidemark.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Relative links of the documentation lead somewhere. Links to other hosts are not checked: tests need no network. */
class LinksTest {

    private static final Path ROOT = Repository.ROOT;
    private static final Set<String> SOURCES = Set.of("java", "yaml", "yml", "sql", "tpl", "txt", "xml", "json");

    private static final Pattern CODE = Pattern.compile("(?ms)^[ ]*```.*?^[ ]*```[ ]*$|`[^`\n]*`");
    private static final Pattern FENCE = Pattern.compile("(?ms)^[ ]*```.*?^[ ]*```[ ]*$");
    private static final Pattern LINK = Pattern.compile("\\]\\(([^()\\s]+)\\)");
    private static final Pattern OTHER_HOST = Pattern.compile("[a-z]+:.*");
    private static final Pattern HEADING = Pattern.compile("(?m)^#{1,6} +(.*?)[ #]*$");
    private static final Pattern NAMED_PAGE = Pattern.compile("\\bdocs/[a-z0-9/-]+\\.md(#[a-z0-9_-]+)?");

    private static final Pattern TEST = Pattern.compile("`([A-Z]\\w*[a-z](?:IT|Test))(?:\\.(\\w+))?`");

    private final Map<Path, Set<String>> anchors = new HashMap<>();

    @Test
    void everyRelativeLinkOfAPageLeadsSomewhere() throws IOException {
        List<String> broken = new ArrayList<>();
        List<Path> pages = Repository.pages();
        for (Path page : pages) {
            Matcher link = LINK.matcher(CODE.matcher(Files.readString(page)).replaceAll(""));
            while (link.find()) {
                String target = link.group(1);
                if (!OTHER_HOST.matcher(target).matches() && !leadsSomewhere(page, target)) {
                    broken.add(ROOT.relativize(page) + ": " + target);
                }
            }
        }

        assertThat(pages).hasSizeGreaterThan(20);
        assertThat(broken).as("links that lead nowhere").isEmpty();
    }

    /** Messages, runbooks and comments: a person opens the page that they name. */
    @Test
    void everyPageThatASourceFileNamesExists() throws IOException {
        Set<String> broken = new TreeSet<>();
        int found = 0;
        for (Path source : Repository.files(SOURCES)) {
            Matcher page = NAMED_PAGE.matcher(Files.readString(source));
            while (page.find()) {
                found++;
                if (!leadsSomewhere(ROOT.resolve("README.md"), page.group())) {
                    broken.add(ROOT.relativize(source) + ": " + page.group());
                }
            }
        }

        assertThat(found).isGreaterThan(20);
        assertThat(broken).as("pages that do not exist").isEmpty();
    }

    /** A renamed test takes its mentions along. */
    @Test
    void everyTestThatAPageNamesExists() throws IOException {
        Map<String, String> sources = new HashMap<>();
        for (Path source : Repository.files(Set.of("java"))) {
            sources.put(String.valueOf(source.getFileName()).replace(".java", ""), Files.readString(source));
        }
        Set<String> missing = new TreeSet<>();
        int found = 0;
        for (Path page : Repository.pages()) {
            Matcher test = TEST.matcher(Files.readString(page));
            while (test.find()) {
                found++;
                String source = sources.getOrDefault(test.group(1), "");
                if (source.isEmpty() || (test.group(2) != null && !source.contains("void " + test.group(2) + "("))) {
                    missing.add(ROOT.relativize(page) + ": " + test.group());
                }
            }
        }

        assertThat(found).isGreaterThan(50);
        assertThat(missing).as("tests that do not exist").isEmpty();
    }

    @Test
    void anchorsAreThoseOfGitHub() {
        assertThat(anchorsOf("# A row: `outbox.publish`\n## [A link](x.md), twice\n## [A link](x.md), twice\n"))
                .containsExactlyInAnyOrder("a-row-outboxpublish", "a-link-twice", "a-link-twice-1");
        assertThat(anchorsOf("```\n# no heading\n```\n# ✓ some_thing – else\n")).containsExactly("-some_thing--else");
    }

    private boolean leadsSomewhere(Path page, String target) throws IOException {
        int hash = target.indexOf('#');
        String file = URLDecoder.decode(hash < 0 ? target : target.substring(0, hash), StandardCharsets.UTF_8);
        Path to = file.isEmpty() ? page : page.resolveSibling(file).normalize();
        if (!to.startsWith(ROOT) || !Files.exists(to)) {
            return false;
        }
        return hash < 0 || (to.toString().endsWith(".md") && anchors(to).contains(target.substring(hash + 1)));
    }

    private Set<String> anchors(Path page) throws IOException {
        if (!anchors.containsKey(page)) {
            anchors.put(page, anchorsOf(Files.readString(page)));
        }
        return anchors.getOrDefault(page, Set.of());
    }

    private static Set<String> anchorsOf(String page) {
        Set<String> all = new TreeSet<>();
        Map<String, Integer> seen = new HashMap<>();
        Matcher heading = HEADING.matcher(FENCE.matcher(page).replaceAll(""));
        while (heading.find()) {
            String anchor = heading.group(1)
                    .replaceAll("\\[([^\\]]*)\\]\\([^)]*\\)", "$1")
                    .toLowerCase(Locale.ROOT)
                    .replaceAll("[^\\p{L}\\p{N}_ -]", "")
                    .replace(' ', '-');
            int before = seen.merge(anchor, 1, Integer::sum) - 1;
            all.add(before == 0 ? anchor : anchor + "-" + before);
        }
        return all;
    }
}
