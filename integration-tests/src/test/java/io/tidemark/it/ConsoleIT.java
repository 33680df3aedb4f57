// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemark.it.harness.Chromium;
import io.tidemark.it.harness.Chromium.Appearance;
import io.tidemark.it.harness.FaultyServers;
import io.tidemark.it.harness.GroupConsumer;
import io.tidemark.it.harness.OpenApi;
import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.RelayProcess.Launch;
import io.tidemark.it.harness.TcpProxy;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.outbox.DeadLetters;
import io.tidemark.outbox.OwnTopics;
import java.io.IOException;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The console in a real browser, before real servers: what it says in six incidents, and what it must not do. */
class ConsoleIT {

    private static final String CONSOLE = "console: {enabled: true}";
    private static final String HOSTILE = "<img src=x onerror=alert(1)>\"&<script>alert(2)</script>";
    private static final String HOSTILE_ID = "x'; rm -rf ~ #";
    private static final List<String> PAGES =
            List.of("#/now", "#/find", "#/projections", "#/projections/view", "#/waits", "#/letters", "#/setup");
    private static final int PARTITIONS = 3;
    /** The elements that reach beyond the window, for the message. */
    private static final String WIDE = "[...document.querySelectorAll('body *')].filter(e =>"
            + " e.getBoundingClientRect().right > window.screen.width + 1).map(e => e.tagName + '.'"
            + " + (e.getAttribute('class') || e.id)).join(' ')";

    private static Chromium browser;
    private static FaultyServers servers;
    private static TestSource source;
    private static RelayProcess relay;

    @BeforeAll
    static void start() throws Exception {
        Optional<Path> installed = Chromium.installed();
        assumeTrue(installed.isPresent(), "no Chromium is on the PATH (Debian: apt-get install chromium)");
        servers = FaultyServers.start(1, 2);
        source = create("console");
        source.makeTopic("order");
        relay = RelayProcess.startStallingSoon(source, servers.through(0), CONSOLE);
        browser = Chromium.start(installed.get(), source.dir());
        relay.awaitRunning();
    }

    private static TestSource create(String label) throws Exception {
        return TestSource.create(label, servers.direct())
                .routed("{aggregateType: poison, topic: \"{name}.poison\", onPoison: dead-letter},"
                        + " {aggregateType: \"*\", topic: \"{name}.{aggregateType}\"}");
    }

    @AfterAll
    static void stop() throws Exception {
        if (browser != null) {
            browser.close();
        }
        if (relay != null) {
            relay.close();
        }
        if (servers != null) {
            servers.close();
        }
    }

    private static void open(RelayProcess of, String page) {
        browser.open("about:blank"); // otherwise only the fragment would change
        browser.open(of.url() + "/console/" + page);
    }

    private static String event(TestSource of, String type, String aggregateId, String payload) throws Exception {
        return of.query("select outbox.publish('" + type + "', '" + aggregateId + "', 'Placed', " + payload
                + ", headers => jsonb_build_object('note', '" + HOSTILE + "'))");
    }

    @BeforeEach
    void forgetTheTestBefore() { // its relay may be gone, and its page asked for it until now
        browser.open("about:blank");
        browser.text();
        browser.forget();
    }

    private static void aDeadLetterOfSomebodyElse() throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", servers.direct().bootstrapServers()),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            ProducerRecord<byte[], byte[]> letter =
                    new ProducerRecord<>(OwnTopics.DEAD_LETTERS, HOSTILE_ID.getBytes(UTF_8), new byte[1]);
            letter.headers().add(DeadLetters.REASON, ("because of " + HOSTILE).getBytes(UTF_8));
            producer.send(letter).get();
        }
    }

    private static void assertWellBehaved(RelayProcess of) {
        assertThat(browser.complaints()).isEmpty();
        assertThat(browser.requests())
                .allMatch(url -> url.startsWith(of.url() + "/") || url.startsWith("about:") || url.startsWith("data:"));
    }

    @Test
    void showsEveryPageAndHostileTextAsText() throws Exception {
        String id = event(source, "order", HOSTILE, "'x'");
        event(source, "poison", HOSTILE, "null::text");
        try (GroupConsumer group = GroupConsumer.start(source, 0)) {
            open(relay, "#/now");
            browser.awaitText("Publishing. Everything committed up to", "The way of an event", "WAL head", "running");
            open(relay, "#/find?q=" + id);
            browser.awaitText("It is in Kafka.", HOSTILE, "view: consumed", "tidemark explain " + id);
            browser.click("document.querySelector('.wait button')");
            browser.awaitText("success caught up");
            open(relay, "#/find?q=order%2F" + URLEncoder.encode(HOSTILE, UTF_8).replace("+", "%20"));
            browser.awaitText("Its last events", id, "note: " + HOSTILE);
            open(relay, "#/letters");
            browser.awaitText("has no payload", HOSTILE);
            browser.click("document.querySelector('td a')");
            browser.awaitText("tidemark dead-letters retry CONFIG", "Headers", HOSTILE);
            aDeadLetterOfSomebodyElse();
            open(relay, "#/letters");
            browser.awaitText("because of " + HOSTILE);
            browser.click("[...document.querySelectorAll('td a')].find(a => a.textContent.startsWith('x'))");
            browser.awaitText("Why", "tidemark dead-letters retry CONFIG '" + HOSTILE_ID.replace("'", "'\\''") + "'");
            open(relay, "#/projections/view");
            browser.awaitText("auto.commit.interval.ms", source.topic("order"), "States in the last hour");
            open(relay, "#/waits");
            browser.click("document.querySelector('#try button')");
            browser.awaitText("success", "Outcomes in the last minute");
            open(relay, "#/setup");
            browser.click("[...document.querySelectorAll('button')].find(b => b.textContent === 'Check now')");
            browser.awaitText("Effective configuration", "maxWaiters", "slot " + source.name() + ": confirmed");
            assertThat(relay.get("/v1/setup").toString()).doesNotContain("assword");
        }
        assertThat(browser.evaluate("String(document.querySelectorAll('main img, main script').length)"))
                .isEqualTo("0");
        assertThat(browser.evaluate("document.cookie")).isEmpty();
        assertWellBehaved(relay);
    }

    /** The page's address may come from anybody. */
    @Test
    void quotesWhatIsPasted() {
        open(relay, "#/find?q=tm1.x%3B%20rm%20-rf%20~");
        browser.awaitText("tidemark explain 'tm1.x; rm -rf ~'");
        open(relay, "#/find?q=tm1.x%1B%5B201~rm");
        browser.awaitText("No command to copy");
    }

    @Test
    void fitsAPhoneAndADeskAndIsUsableWithTheKeyboard() {
        for (int width : new int[] {375, 1280}) {
            browser.resize(width, 900);
            for (String page : PAGES) {
                open(relay, page);
                browser.awaitText("as of");
                assertThat(Integer.parseInt(browser.evaluate("String(document.documentElement.scrollWidth)")))
                        .as(page + " with " + browser.evaluate(WIDE))
                        .isLessThanOrEqualTo(width);
            }
        }
        open(relay, "#/now");
        browser.awaitText("as of");
        browser.press("Tab");
        assertThat(browser.evaluate("document.activeElement.textContent")).isEqualTo("Skip to the content");
    }

    /** Also when the screen is dark. */
    @Test
    void printsDarkTextOnWhiteAndNothingToClick() {
        open(relay, "#/now");
        browser.awaitText("as of");
        browser.prefer(Appearance.PRINTED_FROM_DARK);
        try {
            assertThat(browser.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
                    .isEqualTo("rgb(255, 255, 255)");
            assertThat(brightest(browser.evaluate("getComputedStyle(document.querySelector('h2')).color")))
                    .isLessThan(100);
            assertThat(browser.text()).contains("The way of an event").doesNotContain("Setup", "Copy");
        } finally {
            browser.prefer(Appearance.LIGHT);
        }
    }

    private static int brightest(String colour) {
        return Pattern.compile("\\d+")
                .matcher(colour)
                .results()
                .mapToInt(part -> Integer.parseInt(part.group()))
                .max()
                .orElseThrow();
    }

    @Test
    void answersAsTheOpenApiFileSays() throws Exception {
        OpenApi openApi = OpenApi.of(relay);
        String id = event(source, "order", "a/b", "'x'");
        await().until(() ->
                relay.get("/v1/aggregates/order/a/b/events").path("events").size() == 1);

        JsonNode events = openApi.hold(relay.get("/v1/aggregates/order/a/b/events"), "AggregateEvents");
        assertThat(events.at("/events/0/id").asText()).isEqualTo(id);
        assertThat(events.path("complete").asBoolean()).isTrue();
        JsonNode view = openApi.hold(relay.get("/v1/replicas-view"), "ReplicasView");
        assertThat(view.at("/replicas/0/self").asBoolean()).isTrue();
        await().until(() -> relay.get("/v1/history").path("timesMillis").size() > 1);
        JsonNode history = openApi.hold(relay.get("/v1/history?minutes=60"), "History");
        assertThat(history.path("scope").asText()).isEqualTo("this-replica");
        openApi.hold(relay.get("/v1/dead-letters"), "DeadLetters");
        openApi.hold(relay.get("/v1/setup"), "Setup");
        openApi.hold(relay.get("/v1/setup/check"), "SetupCheck");
        JsonNode src = openApi.hold(relay.get("/v1/source"), "Source");
        assertThat(src.path("sentLsn").isTextual())
                .as("the user of this test may see it")
                .isTrue();
        assertThat(relay.send("/v1/history?minutes=61").statusCode()).isEqualTo(400);
        assertThat(relay.send("/console/../v1/source").statusCode()).isNotEqualTo(500);
        assertThat(relay.send("/console/secret.txt").statusCode()).isEqualTo(404);
    }

    /** While a table is locked, a search must not wait for it longer, nor may searches pile up. */
    @Test
    void endsASearchAfterTwoSecondsAndAdmitsTwo() throws Exception {
        try (Connection locking = source.connect();
                Statement statement = locking.createStatement()) {
            locking.setAutoCommit(false);
            statement.execute("lock table outbox.event in access exclusive mode");

            List<CompletableFuture<HttpResponse<String>>> asked = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                asked.add(CompletableFuture.supplyAsync(ConsoleIT::search));
            }

            assertThat(asked.stream().map(answer -> answer.join().statusCode()))
                    .containsExactlyInAnyOrder(200, 200, 429);
            assertThat(asked.stream().map(answer -> answer.join().body()))
                    .filteredOn(body -> body.contains("\"complete\":false"))
                    .hasSize(2)
                    .allMatch(body -> body.contains("the search ended after 2 s"));
        }
        assertThat(search().statusCode()).isEqualTo(200);
    }

    private static HttpResponse<String> search() {
        try {
            return relay.send("/v1/aggregates/order/none/events");
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void asksForABearerTokenAndTurnsGreyWithoutAnAnswer() throws Exception {
        TestSource guarded = create("guarded");
        Path tokens = Files.writeString(guarded.dir().resolve("tokens"), "a-token-for-the-console\n");
        try (RelayProcess silent = RelayProcess.start(
                guarded, servers.through(1), Launch.PLAIN, CONSOLE, "http: {bearerTokenFile: \"" + tokens + "\"}")) {
            open(silent, "#/now");
            browser.awaitText("This relay asks for a token");
            type("a-wrong-token-for-it");
            browser.awaitText("This relay asks for a token");
            type("a-token-for-the-console");
            browser.awaitText("Publishing.");
            assertThat(browser.evaluate("document.cookie + localStorage.length"))
                    .as("where else the token could be")
                    .isEqualTo("0");

            silent.pause();
            browser.awaitText("Not known: the relay has not answered for", "Shown is the last answer.");
            assertThat(browser.evaluate("document.body.className")).contains("stale");

            silent.resume();
            browser.awaitText("Publishing.");
        }
    }

    /** Waits until the dialog is empty, which it is after a refusal, too. */
    private static void type(String token) {
        browser.click("document.querySelector('#ask[open] #bearer')");
        browser.evaluate("document.querySelector('#bearer').value = '" + token + "'");
        browser.click("document.querySelector('#ask-form button')");
    }

    @Test
    void showsThatNoConsumerRunsAndThatAPartitionDoesNotMove() throws Exception {
        for (int i = 0; i < 12; i++) {
            event(source, "order", "stuck-" + i, "'x'");
        }
        open(relay, "#/now");

        String stopped = browser.awaitText("view is stopped", "no consumer runs for projection view");
        assertThat(stopped).contains("kafka-consumer-groups.sh", "consumer: The consumers of view are the slowest");

        AtomicBoolean closing = new AtomicBoolean();
        Thread member = commitsAllButOnePartition(closing);
        try {
            browser.awaitText("view is stalled", "has members, but");
            open(relay, "#/projections/view");
            browser.awaitText("▲", "stalled", "not since this page was opened");
        } finally {
            closing.set(true);
            member.join();
        }
        assertWellBehaved(relay);
    }

    private static Thread commitsAllButOnePartition(AtomicBoolean closing) {
        Thread member = new Thread(() -> {
            try (KafkaConsumer<byte[], byte[]> consumer = TopicReader.consumer(
                    servers.direct(), Map.of(ConsumerConfig.GROUP_ID_CONFIG, source.name() + "-view"))) {
                consumer.subscribe(List.of(source.topic("order")));
                while (!closing.get()) {
                    consumer.poll(java.time.Duration.ofMillis(100));
                    for (int partition = 1; partition < PARTITIONS; partition++) {
                        TopicPartition at = new TopicPartition(source.topic("order"), partition);
                        if (consumer.assignment().contains(at)) {
                            consumer.commitSync(Map.of(at, new OffsetAndMetadata(consumer.position(at))));
                        }
                    }
                }
            }
        });
        member.start();
        return member;
    }

    @Test
    void showsThatKafkaIsAwayAndThatTheSlotIsAboutToBeLost() throws Exception {
        open(relay, "#/now");
        browser.awaitText("as of");
        servers.kafkaLinks(0).forEach(TcpProxy::refuse);
        try {
            event(source, "order", "waits", "'x'");

            String away = browser.awaitText("Kafka", "kafka-consumer-groups.sh");
            assertThat(browser.evaluate("document.querySelector('#sentence').className"))
                    .isNotEqualTo("level fine");
            assertThat(away).contains("Kafka");

            source.execute("alter system set max_slot_wal_keep_size = '96MB'");
            source.execute("select pg_reload_conf()");
            while (safeBytes() > 18_000_000) { // a segment each; the slot needs them all
                source.execute("select pg_logical_emit_message(false, 'fill', 'x')", "select pg_switch_wal()");
            }
            browser.awaitText("replication slot " + source.name() + " is about to be lost", "max_slot_wal_keep_size");
        } finally {
            source.execute("alter system reset max_slot_wal_keep_size");
            source.execute("select pg_reload_conf()");
            servers.restore();
        }
        relay.awaitRunning();
        browser.awaitText("Publishing.");
    }

    private static long safeBytes() throws Exception {
        return Long.parseLong(source.query(
                "select safe_wal_size from pg_replication_slots where slot_name = '" + source.name() + "'"));
    }

    @Test
    void aStandbyShowsTheActiveReplicaAndThatItWentAway() throws Exception {
        String peer = relay.url().replace("http://127.0.0.1", "");
        Path hosts = Files.writeString(
                source.dir().resolve("hosts"), "127.0.0.1 localhost\n127.0.0.1 replicas\n127.0.0.2 replicas\n");
        try (RelayProcess standby = RelayProcess.start(
                source,
                servers.through(1),
                new Launch(List.of("-Djdk.net.hosts.file=" + hosts), Map.of()),
                "console: {enabled: true, peers: [\"replicas" + peer + "\", \"127.0.0.1:1\"]}")) {
            standby.awaitState("standby");
            open(standby, "#/now");

            browser.awaitText(
                    "Publishing.",
                    "standby",
                    "active",
                    "connection refused",
                    "127.0.0.1:1 does not answer",
                    "127.0.0.2" + peer + " does not answer"); // the relay listens at one address only

            assertThat(standby.get("/v1/replicas-view").path("replicas").size()).isEqualTo(4);
        }
    }

    @Test
    void showsThatAnEventIsPoison() throws Exception {
        TestSource poisoned = create("poisoned");
        try (RelayProcess halted = RelayProcess.start(poisoned, servers.through(1), Launch.PLAIN, CONSOLE)) {
            halted.awaitRunning();
            open(halted, "#/now");
            browser.awaitText("Publishing.");
            String id = event(poisoned, "order", "1", "null::text");

            browser.awaitText(
                    "Halted. Nothing is published: event " + id, "has no payload", "dead-letters.md#what-is-poison");
        }
    }

    @Test
    void showsThatThePublicationWasChanged() throws Exception {
        TestSource changed = create("changed");
        try (RelayProcess halted = RelayProcess.start(changed, servers.through(1), Launch.PLAIN, CONSOLE)) {
            halted.awaitRunning();
            open(halted, "#/now");
            browser.awaitText("Publishing.");
            changed.execute(
                    "drop publication tidemark",
                    "create publication tidemark for table outbox.event with"
                            + " (publish = 'insert', publish_via_partition_root = true)");
            event(changed, "order", "1", "'x'");

            browser.awaitText(
                    "Halted. Nothing is published: publication tidemark",
                    "the-publication-was-changed",
                    "tidemark adopt CONFIG");
            open(halted, "#/find?q=" + changed.token());
            browser.awaitText("Everything that it covers");
        }
    }
}
