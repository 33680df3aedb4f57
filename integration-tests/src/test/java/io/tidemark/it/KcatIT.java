// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.outbox.Token;
import io.tidemark.relay.watermark.Answer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A consumer without Tidemark's library: kcat as in docs/watermarks.md. Only if it is installed. */
class KcatIT {

    private static final long WAIT_MILLIS = 20_000;

    @BeforeAll
    static void isInstalled() throws Exception {
        boolean isThere;
        try {
            isThere = new ProcessBuilder("kcat", "-V")
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            isThere = false;
        }
        assumeTrue(isThere, "kcat is not installed");
    }

    @Test
    void worksLikeAnyOtherGroup() throws Exception {
        try (TestSource source = TestSource.create("kcat");
                RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            source.execute("select outbox.publish('order', '4711', 'Placed', 'first')");
            assertThat(TopicReader.readUntil(source.servers(), source.topic("order"), read -> !read.isEmpty()))
                    .as("kcat gives up a topic that does not exist yet")
                    .hasSize(1);
            Path printed = source.dir().resolve("kcat.out");
            Process kcat = start(source, printed);
            try {
                await("kcat, output " + printed)
                        .until(() -> Files.readString(printed).contains("4711 first"));
                assertThat(ask(relay, source.token())).isInstanceOf(Answer.Success.class);

                source.execute("select outbox.publish('order', '4711', 'Paid', 'second')");
                assertThat(ask(relay, source.token())).isInstanceOf(Answer.Success.class);
                assertThat(Files.readString(printed)).contains("4711 second");
            } finally {
                kcat.destroy();
                assertThat(kcat.waitFor(20, TimeUnit.SECONDS)).isTrue();
            }

            source.execute("select outbox.publish('order', '4711', 'Shipped', 'third')");
            assertThat(ask(relay, source.token())).as("without kcat").isNotInstanceOf(Answer.Success.class);
        }
    }

    private static Process start(TestSource source, Path printed) throws IOException {
        return new ProcessBuilder(List.of(
                        "kcat",
                        "-b",
                        source.servers().bootstrapServers(),
                        "-G",
                        source.name() + "-view",
                        "-X",
                        "isolation.level=read_committed",
                        "-X",
                        "auto.offset.reset=earliest",
                        "-u",
                        "-f",
                        "%k %s\n",
                        source.topic("order")))
                .redirectOutput(printed.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private static Answer ask(RunningRelay relay, Token token) throws Exception {
        return relay.relay().watermarks().ask("view", token, WAIT_MILLIS).get(60, TimeUnit.SECONDS);
    }
}
