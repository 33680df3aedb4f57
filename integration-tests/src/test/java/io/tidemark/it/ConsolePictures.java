// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tidemark.it.harness.Chromium;
import io.tidemark.it.harness.Chromium.Appearance;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * Pictures of every page of a running console, for people to look at and for the docs: {@code
 * -Dit.test=ConsolePictures -Dconsole.url=http://127.0.0.1:…}, beside {@code bin/tidemark demo}. Not part of a build.
 */
class ConsolePictures {

    private static final String URL = System.getProperty("console.url", "");
    /** What the page Find looks for. */
    private static final String QUESTION = System.getProperty("console.q", "order/1");

    private static final Path DIR = Path.of(System.getProperty("console.dir", "target/console"));

    @Test
    void ofEveryPage() throws Exception {
        Optional<Path> installed = Chromium.installed();
        assumeTrue(installed.isPresent() && !URL.isEmpty(), "needs a Chromium and -Dconsole.url");
        Files.createDirectories(DIR);
        try (Chromium browser = Chromium.start(installed.get(), DIR)) {
            browser.resize(1280, 800);
            for (String page : List.of(
                    "now",
                    "find?q=" + QUESTION,
                    "projections",
                    "projections/orders-view",
                    "waits",
                    "letters",
                    "setup")) {
                for (Appearance appearance : Appearance.values()) {
                    browser.prefer(appearance);
                    browser.open("about:blank"); // otherwise only the fragment would change
                    browser.open(URL + "/console/#/" + page);
                    browser.awaitText("as of");
                    Thread.sleep(3000); // until the second look, so that what moves is drawn
                    byte[] picture = browser.picture();
                    assertThat(picture).isNotEmpty();
                    Files.write(
                            DIR.resolve(page.replaceAll("[?].*", "").replace('/', '-') + "-"
                                    + appearance.name().toLowerCase(Locale.ROOT) + ".png"),
                            picture);
                }
            }
        }
    }
}
