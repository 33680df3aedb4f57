// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.harness.GroupConsumer;
import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.TestSource;
import io.tidemark.quickstart.measure.Latencies;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/**
 * What {@code token=now} takes under many questions a second, on an idle database and on one that is written to. The
 * times are from the moment at which a question was due, also if it was sent late.
 */
class NowBenchmark {

    private static final int A_SECOND = Integer.getInteger("now.questions", 200);
    private static final int SECONDS = Integer.getInteger("now.seconds", 30);
    private static final int WARM_UP_SECONDS = 10;
    private static final long WRITE_EVERY_MILLIS = 20;

    /** As in production; the tests' own JVMs compile less. */
    private static final RelayProcess.Launch OPTIMISED =
            new RelayProcess.Launch(List.of("-XX:TieredStopAtLevel=4"), Map.of());

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @Test
    void answersManyAtATime() throws Exception {
        try (TestSource source = TestSource.create("nowbench");
                RelayProcess relay =
                        RelayProcess.start(source, source.servers(), OPTIMISED).awaitRunning();
                GroupConsumer group = GroupConsumer.start(source, 0)) {
            source.execute("select outbox.publish('order', '1', 't', 'x')");
            URI now = URI.create(relay.url() + "/v1/projections/view/watermark?token=now&wait=10s");
            await().atMost(Duration.ofSeconds(60))
                    .ignoreExceptionsInstanceOf(IOException.class)
                    .until(() ->
                            relay.send(now.getPath() + "?" + now.getQuery()).statusCode() == 200);
            assertThat(group.processed()).isEqualTo(1);

            measure(now, WARM_UP_SECONDS);
            System.out.println("NowBenchmark: " + A_SECOND + "/s, idle: " + measure(now, SECONDS));
            AtomicBoolean isOver = new AtomicBoolean();
            CompletableFuture<Integer> written = CompletableFuture.supplyAsync(() -> write(source, isOver));
            System.out.println("NowBenchmark: " + A_SECOND + "/s, with writes: " + measure(now, SECONDS));
            isOver.set(true);
            System.out.println("NowBenchmark: " + written.get() + " events were written meanwhile");
        }
    }

    private Latencies measure(URI now, int seconds) throws InterruptedException {
        long startNanos = System.nanoTime();
        List<CompletableFuture<Long>> took = new ArrayList<>();
        for (int i = 0; i < seconds * A_SECOND; i++) {
            long dueNanos = startNanos + i * TimeUnit.SECONDS.toNanos(1) / A_SECOND;
            TimeUnit.NANOSECONDS.sleep(dueNanos - System.nanoTime());
            took.add(http.sendAsync(HttpRequest.newBuilder(now).build(), HttpResponse.BodyHandlers.ofString())
                    .thenApply(answer -> {
                        long nanos = System.nanoTime() - dueNanos;
                        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
                        return nanos;
                    }));
        }
        Latencies all = new Latencies();
        took.forEach(each -> all.add(each.join()));
        return all;
    }

    /** Fifty events a second. */
    private static int write(TestSource source, AtomicBoolean isOver) {
        int written = 0;
        try (Connection connection = source.connect();
                Statement statement = connection.createStatement()) {
            while (!isOver.get()) {
                statement.execute("select outbox.publish('order', '1', 't', 'x')");
                written++;
                TimeUnit.MILLISECONDS.sleep(WRITE_EVERY_MILLIS);
            }
            return written;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
