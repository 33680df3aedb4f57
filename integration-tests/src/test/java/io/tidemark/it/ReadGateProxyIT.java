// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tidemark.it.harness.DocumentedProxy;
import io.tidemark.it.harness.DocumentedProxy.Kind;
import io.tidemark.it.harness.LaggingView;
import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.ShopServer;
import io.tidemark.it.harness.TestSource;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import java.io.IOException;
import java.net.CookieManager;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The read gate behind real proxies, with the configurations of {@code docs/read-gate.md}: an application that knows
 * nothing of waiting, a projection that lags 300 ms, an active relay and a standby. Only with proxies that are installed.
 */
class ReadGateProxyIT {

    private static final Duration LAG = Duration.ofMillis(300);
    private static final int USERS = 20;
    private static final int ROUNDS = 50;

    /** Longer than every timeout of the configurations together: it decides only whether a request hangs. */
    private static final Duration HANGS = Duration.ofSeconds(20);

    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    /** By the gate, or by the proxy because the gate did not answer in time. */
    private static final Set<Integer> REFUSED = Set.of(502, 503, 504);

    private static TestSource source;
    private static RelayProcess active;
    private static RelayProcess standby;
    private static LaggingView view;
    private static ShopServer shop;

    @BeforeAll
    static void start() throws Exception {
        assumeTrue(
                Kind.NGINX.program().isPresent() || Kind.CADDY.program().isPresent(),
                "neither nginx nor Caddy is installed");
        source = TestSource.create("proxies");
        active = RelayProcess.start(source).awaitRunning();
        standby = RelayProcess.start(source).awaitState("standby");
        view = LaggingView.start(source, LAG);
        shop = ShopServer.start(source, view);
        awaitServing();
        post(HTTP, "http://" + shop.address() + "/first", "x"); // makes the topic, without which nothing is a success
        await("the projection").until(() -> view.value("/first").isPresent());
    }

    @AfterAll
    static void stop() throws Exception {
        if (shop != null) {
            shop.close();
            view.close();
            standby.close();
            active.close();
            source.close();
        }
    }

    private static void awaitServing() {
        for (RelayProcess relay : List.of(active, standby)) {
            await("watermarks")
                    .atMost(Duration.ofSeconds(60))
                    .ignoreExceptionsInstanceOf(IOException.class)
                    .until(() -> relay.send("/v1/projections").statusCode() == 200);
        }
    }

    private static DocumentedProxy proxy(Kind kind) throws IOException {
        assumeTrue(kind.program().isPresent(), kind + " is not installed");
        Path dir = Files.createTempDirectory(source.dir(), "proxy");
        return DocumentedProxy.start(
                kind,
                dir,
                Map.of(
                        "relay-1:8080", active.url().replace("http://", ""),
                        "relay-2:8080", standby.url().replace("http://", ""),
                        "shop:3000", shop.address(),
                        "orders-view", "view"));
    }

    /** A browser: one person, with cookies. */
    private static HttpClient browser() {
        return HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .cookieHandler(new CookieManager())
                .build();
    }

    private static HttpRequest.Builder request(String url) {
        return HttpRequest.newBuilder(URI.create(url)).timeout(HANGS);
    }

    private static HttpResponse<String> send(HttpClient client, HttpRequest.Builder request) throws Exception {
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static HttpResponse<String> get(HttpClient client, String url) throws Exception {
        return send(client, request(url));
    }

    private static HttpResponse<String> post(HttpClient client, String url, String value) throws Exception {
        return send(client, request(url).POST(HttpRequest.BodyPublishers.ofString(value)));
    }

    private static String seenStatus(HttpResponse<String> response) {
        return response.headers().firstValue("Seen-Status").orElse("(refused)");
    }

    /** What a thousand reads have found, each right after its write. */
    private static final class Reads {

        final AtomicInteger staleWithoutGate = new AtomicInteger();
        final AtomicInteger stale = new AtomicInteger();
        final Set<String> staleStatuses = ConcurrentHashMap.newKeySet();
        final AtomicInteger staleOfFail = new AtomicInteger();
        final AtomicInteger refused = new AtomicInteger();

        void oneUser(String proxy, int user) throws Exception {
            HttpClient browser = browser();
            for (int round = 0; round < ROUNDS; round++) {
                boolean fails = round % 2 == 1;
                String path = (fails ? "/account/" : "/items/") + user + "-" + round;
                String value = proxy + "#" + user + "." + round;

                assertThat(post(browser, proxy + path, value).statusCode()).isEqualTo(200);
                if (!get(HTTP, "http://" + shop.address() + path).body().equals(value)) {
                    staleWithoutGate.incrementAndGet();
                }
                HttpResponse<String> read = get(browser, proxy + path);
                while (fails && REFUSED.contains(read.statusCode())) {
                    refused.incrementAndGet();
                    read = get(browser, proxy + path);
                }

                assertThat(read.statusCode()).isEqualTo(200);
                if (!read.body().equals(value)) {
                    stale.incrementAndGet();
                    staleStatuses.add(seenStatus(read));
                    staleOfFail.addAndGet(fails ? 1 : 0);
                }
            }
        }

        @Override
        public String toString() {
            return USERS * ROUNDS + " reads: " + staleWithoutGate + " stale without the gate, " + stale
                    + " stale with it " + staleStatuses + ", " + refused + " refused and repeated";
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void readsFollowTheWritesOfTheirUser(Kind kind) throws Exception {
        Reads reads = new Reads();
        ExecutorService threads = Executors.newFixedThreadPool(USERS);
        try (DocumentedProxy proxy = proxy(kind)) {
            List<Future<?>> users = new ArrayList<>();
            for (int user = 0; user < USERS; user++) {
                int number = user;
                users.add(threads.submit((Callable<Void>) () -> {
                    reads.oneUser(proxy.url(), number);
                    return null;
                }));
            }
            for (Future<?> user : users) {
                user.get(5, TimeUnit.MINUTES);
            }
        } finally {
            threads.shutdownNow();
        }

        // A stale read is one whose wait ended too early, and has that status: how many there are is for the machine to
        // decide.
        System.out.println("ReadGateProxyIT: " + kind + ", " + reads);
        assertThat(reads.staleStatuses).as(reads.toString()).doesNotContain("success", "none");
        assertThat(reads.staleOfFail).as(reads.toString()).hasValue(0);
        assertThat(reads.staleWithoutGate).as(reads.toString()).hasValueGreaterThan(USERS * ROUNDS / 2);
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void writesBecomeCookies(Kind kind) throws Exception {
        try (DocumentedProxy proxy = proxy(kind)) {
            HttpResponse<String> written = post(HTTP, proxy.url() + "/items/cookie", "x");

            assertThat(written.headers().firstValue("Tidemark-Token")).isEmpty();
            assertThat(written.headers().allValues("Set-Cookie"))
                    .hasSize(2)
                    .contains("session=1; Path=/")
                    .anyMatch(cookie ->
                            cookie.matches("Tidemark-Token=tm1[^~;]+; Path=/; Max-Age=300; HttpOnly; SameSite=Lax"));
            HttpResponse<String> read = get(HTTP, proxy.url() + "/items/cookie");
            assertThat(read.headers().allValues("Set-Cookie")).containsExactly("session=1; Path=/");
            assertThat(seenStatus(read)).isEqualTo("none");
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void oddCookiesNeverStopAPageThatMayBeStale(Kind kind) throws Exception {
        String foreign = Token.of("ffffffff", 1, new Lsn(1)).toString();
        String token = source.token().toString();
        awaitVisible("Tidemark-Token=" + token);
        try (DocumentedProxy proxy = proxy(kind)) {
            Map<String, String> odd = Map.of(
                    "rubbish",
                    "unreadable",
                    token + "," + token,
                    "unreadable",
                    "a".repeat(5 * 1024),
                    "unreadable",
                    token.replace("tm1", "tm2"),
                    "unreadable",
                    foreign,
                    "foreign",
                    token + "%7E" + token,
                    "success",
                    "\"" + token + "\"",
                    "success");
            for (Map.Entry<String, String> each : odd.entrySet()) {
                String cookie = "a=b; Tidemark-Token=" + each.getKey() + "; c=d";
                HttpResponse<String> passed =
                        send(HTTP, request(proxy.url() + "/items/odd").header("Cookie", cookie));
                HttpResponse<String> strict =
                        send(HTTP, request(proxy.url() + "/account/odd").header("Cookie", cookie));

                assertThat(passed.statusCode()).as(cookie).isEqualTo(200);
                assertThat(seenStatus(passed)).as(cookie).isEqualTo(each.getValue());
                assertThat(strict.statusCode() == 200)
                        .as(cookie)
                        .isEqualTo(each.getValue().equals("success"));
                assertThat(passed.headers().allValues("Set-Cookie").toString())
                        .contains("session=1")
                        .matches(all -> all.contains("Max-Age=0")
                                == (each.getValue().equals("unreadable")
                                        && !each.getKey().contains("tm2")));
            }
            assertThat(get(HTTP, proxy.url() + "/account/broken").statusCode())
                    .as("the application's own 500 is not a refusal")
                    .isEqualTo(500);
            assertThat(seenStatus(send(HTTP, request(proxy.url() + "/items/x").header("Tidemark-Token", token))))
                    .isEqualTo("success");
            assertThat(seenStatus(send(HTTP, request(proxy.url() + "/items/x").header("Tidemark-Status", "success"))))
                    .as("a client's own status")
                    .isEqualTo("none");
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void servesOldAndNewVersionsOfHttp(Kind kind) throws Exception {
        try (DocumentedProxy proxy = proxy(kind)) {
            String cookie = cookieOf(post(HTTP, proxy.url() + "/items/http", "of today"));
            awaitVisible(cookie);
            try (Socket client = new Socket(InetAddress.getLoopbackAddress(), proxy.port())) {
                client.getOutputStream()
                        .write(("GET /items/http HTTP/1.0\r\nHost: 127.0.0.1\r\nCookie: " + cookie + "\r\n\r\n")
                                .getBytes(StandardCharsets.US_ASCII));
                assertThat(new String(client.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                        .contains(" 200 OK", "of today")
                        .containsIgnoringCase("Seen-Status: success");
            }

            String newest = cookieOf(post(HTTP, proxy.url() + "/items/http", "of tomorrow"));
            awaitVisible(newest);
            String answer = curl(
                    "--http2-prior-knowledge",
                    "-H",
                    "Cookie: a=b",
                    "-H",
                    "Cookie: " + newest,
                    proxy.http2Url() + "/items/http");
            assertThat(answer).startsWith("HTTP/2 200").contains("seen-status: success", "of tomorrow");
        }
    }

    /** So that the wait of a configuration is enough for it, also on a slow machine. */
    private static void awaitVisible(String cookie) throws Exception {
        for (RelayProcess relay : List.of(active, standby)) {
            HttpResponse<String> gate =
                    send(HTTP, request(relay.url() + "/v1/gate/view?wait=15s").header("Cookie", cookie));
            assertThat(gate.headers().firstValue("Tidemark-Status")).hasValue("success");
        }
    }

    private static String cookieOf(HttpResponse<String> response) {
        return response.headers().allValues("Set-Cookie").stream()
                .filter(cookie -> cookie.startsWith("Tidemark-Token="))
                .map(cookie -> cookie.split(";", 2)[0])
                .findFirst()
                .orElseThrow();
    }

    private static String curl(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("curl", "-s", "-i", "-m", "20"));
        command.addAll(List.of(arguments));
        Process curl;
        try {
            curl = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            assumeTrue(false, "curl is not installed");
            throw e;
        }
        String output = new String(curl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(curl.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return output;
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void endsTheGateOfAClientThatLeaves(Kind kind) throws Exception {
        try (DocumentedProxy proxy = proxy(kind)) {
            await("a gate that has seen its client leave").pollInSameThread().until(() -> {
                String cookie = cookieOf(post(HTTP, proxy.url() + "/items/leaves", "x"));
                try (Socket client = new Socket(InetAddress.getLoopbackAddress(), proxy.port())) {
                    client.getOutputStream()
                            .write(("GET /account/leaves HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: " + cookie + "\r\n\r\n")
                                    .getBytes(StandardCharsets.US_ASCII));
                    TimeUnit.MILLISECONDS.sleep(50);
                }
                TimeUnit.MILLISECONDS.sleep(50);
                return active.metrics().contains("decision=\"gone\"")
                        || standby.metrics().contains("decision=\"gone\"");
            });
        }
    }

    /** One relay dies, then both stand still, then both are gone. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void passesOrRefusesWhileTheRelaysAreAway(Kind kind) throws Exception {
        try (DocumentedProxy proxy = proxy(kind)) {
            HttpClient browser = browser();
            awaitVisible(cookieOf(post(browser, proxy.url() + "/items/away", "first")));
            active.kill();

            await("the other relay").untilAsserted(() -> {
                assertThat(seenStatus(get(browser, proxy.url() + "/items/away")))
                        .isEqualTo("success");
                assertThat(seenStatus(get(browser, proxy.url() + "/account/away")))
                        .isEqualTo("success");
            });

            active.restart();
            active.awaitState("standby");
            awaitServing();
            active.pause();
            standby.pause();
            try {
                assertPassesAndRefuses(proxy, browser);
            } finally {
                active.resume();
                standby.resume();
            }

            active.kill();
            standby.kill();
            assertPassesAndRefuses(proxy, browser);
        } finally {
            if (!active.isAlive()) {
                active.restart();
            }
            if (!standby.isAlive()) {
                standby.restart();
            }
            awaitServing();
        }
    }

    /** Several times, as a proxy may learn from the first failure. */
    private static void assertPassesAndRefuses(DocumentedProxy proxy, HttpClient browser) throws Exception {
        for (int i = 0; i < 3; i++) {
            HttpResponse<String> passed =
                    send(browser, request(proxy.url() + "/items/away").header("Tidemark-Status", "success"));
            assertThat(passed.statusCode()).isEqualTo(200);
            assertThat(seenStatus(passed)).as("a client's own status").isIn("", "unavailable");

            HttpResponse<String> refused = get(browser, proxy.url() + "/account/away");
            assertThat(refused.statusCode()).isIn(REFUSED);

            HttpResponse<String> written = post(browser, proxy.url() + "/account/away", "written meanwhile");
            assertThat(written.statusCode()).as("a write").isEqualTo(200);
        }
    }
}
