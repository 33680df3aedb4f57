// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemark.it.guarantee.WatermarkEvidence.Repeat;
import io.tidemark.it.guarantee.WatermarkEvidence.Success;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.OutboxEvent;
import io.tidemark.outbox.OutboxWriter;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.Tokens;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Users that write, and ask the relays over HTTP whether their projection has caught up, before they read: with a token,
 * by a question or by the gate, with {@code now}, or with a bound on staleness. Servers and relays may fail at any time. Then they ask or write again.
 */
public final class TokenReaders implements AutoCloseable {

    private static final int REMEMBERED = 10;
    private static final int REMEMBERED_WRITES = 50;

    private final TestSource source;
    private final List<RelayProcess> relays;
    private final Duration patience;
    private final Queue<Repeat> repeats = new ConcurrentLinkedQueue<>();
    /** By process id, because a later process may know less precisely than an earlier one. */
    private final Map<Long, Queue<Token>> knownTo = new ConcurrentHashMap<>();

    private final Queue<Success> successes = new ConcurrentLinkedQueue<>();
    private final Queue<String> unanswered = new ConcurrentLinkedQueue<>();
    private final Queue<String> unreachable = new ConcurrentLinkedQueue<>();
    private final AtomicInteger unavailable = new AtomicInteger();
    private final AtomicLong longestNanos = new AtomicLong();
    private final AtomicInteger withoutToken = new AtomicInteger();
    private final ExecutorService threads;
    private final List<Future<?>> running = new ArrayList<>();
    private volatile boolean closing;

    private TokenReaders(TestSource source, List<RelayProcess> relays, int readers, Duration patience) {
        this.source = source;
        this.patience = patience;
        this.relays = relays;
        this.threads = Executors.newFixedThreadPool(readers);
    }

    /**
     * Starts them.
     *
     * @param relays the relays to ask, a random one each time; may change meanwhile
     * @param patience maximum time to ask for one token before a new write
     */
    public static TokenReaders start(
            TestSource source, List<RelayProcess> relays, long seed, int readers, Duration patience) {
        TokenReaders all = new TokenReaders(source, relays, readers, patience);
        for (int i = 0; i < readers; i++) {
            String aggregate = "reader-" + i;
            Random random = new Random(seed * 17 + i);
            all.running.add(all.threads.submit(() -> all.read(aggregate, random)));
        }
        return all;
    }

    private Void read(String aggregate, Random random) throws Exception {
        Deque<Own> written = new ArrayDeque<>();
        while (!closing) {
            try (Connection connection = source.connect()) {
                connection.setAutoCommit(false);
                while (!closing) {
                    writeAndAsk(connection, aggregate, random, written);
                    TimeUnit.MILLISECONDS.sleep(random.nextInt(100));
                }
            } catch (SQLException e) { // the server is unreachable
                TimeUnit.MILLISECONDS.sleep(200);
            }
        }
        return null;
    }

    /**
     * A write of this reader.
     *
     * @param committedNanos after its commit has returned
     */
    private record Own(Token token, long committedNanos) {}

    /** The relay's answer; the HTTP status of a problem, or empty without an answer. */
    private record Reply(String status, Optional<Token> token) {}

    private void writeAndAsk(Connection connection, String aggregate, Random random, Deque<Own> written)
            throws SQLException, InterruptedException {
        String id = new OutboxWriter()
                .publish(connection, OutboxEvent.of("order", aggregate, "read", "x"))
                .toString();
        try (Statement audit = connection.createStatement()) {
            audit.execute(
                    "insert into audit.entry (event_id, aggregate_id) values ('" + id + "', '" + aggregate + "')");
        }
        connection.commit();
        long committedNanos = System.nanoTime();
        Token token = Tokens.current(connection);
        connection.commit();
        written.addFirst(new Own(token, committedNanos));
        if (written.size() > REMEMBERED_WRITES) {
            written.removeLast();
        }
        if (random.nextInt(3) == 0) {
            askNow(written.getFirst(), random);
            askWithin(written, random);
        }
        long askedNanos = System.nanoTime();
        long deadline = askedNanos + patience.toNanos();
        String status = "not asked";
        while (System.nanoTime() < deadline && !closing) {
            List<RelayProcess> present = List.copyOf(relays);
            RelayProcess relay = present.get(random.nextInt(present.size()));
            long pid = relay.pid();
            status = askOrPassGate(relay, token, "3s", random).status();
            if (status.equals("success")) {
                longestNanos.accumulateAndGet(System.nanoTime() - askedNanos, Math::max);
                successes.add(new Success(token.parts().get(0).lsn(), Optional.of(id), System.nanoTime()));
                askAgain(relay, pid, token, random);
                return;
            }
        }
        if (!closing) {
            unanswered.add(token + ", last answer '" + status + "'");
        }
    }

    /** Whatever the relay takes for now, the write before the question is part of it. */
    private void askNow(Own own, Random random) throws InterruptedException {
        List<RelayProcess> present = List.copyOf(relays);
        Reply reply = ask(present.get(random.nextInt(present.size())), "token=now", "1s");
        if (reply.status().equals("success")) {
            withoutToken.incrementAndGet();
            successes.add(new Success(lsn(reply), Optional.empty(), System.nanoTime()));
            successes.add(new Success(own.token().parts().get(0).lsn(), Optional.empty(), System.nanoTime()));
        }
    }

    /** A success covers every write that had been committed for that long when the question was sent. */
    private void askWithin(Deque<Own> written, Random random) throws InterruptedException {
        List<RelayProcess> present = List.copyOf(relays);
        long maxMillis = 100L + random.nextInt(2_000);
        long sentNanos = System.nanoTime();
        Reply reply = ask(
                present.get(random.nextInt(present.size())),
                "maxStalenessMillis=" + maxMillis,
                random.nextBoolean() ? "0" : "1s");
        if (!reply.status().equals("success")) {
            return;
        }
        withoutToken.incrementAndGet();
        for (Own own : written) {
            if (sentNanos - own.committedNanos() >= TimeUnit.MILLISECONDS.toNanos(maxMillis)) {
                successes.add(new Success(own.token().parts().get(0).lsn(), Optional.empty(), System.nanoTime()));
            }
        }
    }

    private static Lsn lsn(Reply reply) {
        return reply.token().orElseThrow().parts().get(0).lsn();
    }

    /** Repeats requests that the same relay answered with success before. It may answer that it does not know now. */
    private void askAgain(RelayProcess relay, long pid, Token token, Random random) throws InterruptedException {
        Queue<Token> known = knownTo.computeIfAbsent(pid, p -> new ConcurrentLinkedQueue<>());
        for (Token earlier : known) {
            if (random.nextInt(4) == 0) {
                String status = askOrPassGate(relay, earlier, "0", random).status();
                boolean isAnswer = !status.isEmpty() && !status.matches("[0-9]+") && relay.pid() == pid;
                if (isAnswer) {
                    repeats.add(new Repeat(earlier.parts().get(0).lsn(), status, System.nanoTime()));
                }
            }
        }
        known.add(token);
        if (known.size() > REMEMBERED) {
            known.poll();
        }
    }

    /** One of the two ways to ask about a token; both have the same statuses. */
    private Reply askOrPassGate(RelayProcess relay, Token token, String wait, Random random)
            throws InterruptedException {
        return random.nextBoolean()
                ? ask(relay, "token=" + token, wait)
                : reply(relay, () -> {
                    String status = relay.sendWithToken("/v1/gate/view?wait=" + wait, token)
                            .headers()
                            .firstValue("Tidemark-Status")
                            .orElseThrow(() -> new IOException("the gate has not answered"));
                    return new Reply(
                            status.equals("unavailable") || status.equals("busy") ? "503" : status, Optional.of(token));
                });
    }

    private Reply ask(RelayProcess relay, String question, String wait) throws InterruptedException {
        return reply(relay, () -> {
            JsonNode answer = relay.get("/v1/projections/view/watermark?strict=false&wait=" + wait + "&" + question);
            String status = answer.path("status").asText();
            return status.equals("success")
                    ? new Reply(
                            status, Optional.of(Token.parse(answer.path("token").asText())))
                    : new Reply(status, Optional.empty());
        });
    }

    /** A request that may find no relay. */
    @FunctionalInterface
    private interface Request {
        Reply send() throws IOException, InterruptedException;
    }

    private Reply reply(RelayProcess relay, Request request) throws InterruptedException {
        try {
            Reply reply = request.send();
            if (reply.status().equals("success")) {
                return reply;
            }
            if (reply.status().equals("503")) {
                unavailable.incrementAndGet();
            }
            TimeUnit.MILLISECONDS.sleep(50);
            return reply;
        } catch (IOException e) { // killed, paused, or not started yet
            if (relays.contains(relay)) {
                unreachable.add(relay.url() + ": " + e);
            }
            TimeUnit.MILLISECONDS.sleep(100);
            return new Reply("", Optional.empty());
        }
    }

    /** The answers to repeated requests that had been answered with success. */
    public List<Repeat> repeats() {
        return List.copyOf(repeats);
    }

    /** Tokens without success within the reader's patience. */
    public List<String> unanswered() {
        return List.copyOf(unanswered);
    }

    /** Relays that did not answer a request at all, not even that they do not know. */
    public List<String> unreachable() {
        return List.copyOf(unreachable);
    }

    /** For people: the longest wait for success, and how often a replica did not know. */
    public String waits() {
        return "at most " + longestNanos.get() / 1_000_000 + " ms from a token to success, over " + successes.size()
                + " tokens; 503 " + unavailable.get() + " times; " + withoutToken.get() + " successes without a token";
    }

    /** Number of successes to questions without a token. */
    public int withoutToken() {
        return withoutToken.get();
    }

    public List<Success> successes() {
        return List.copyOf(successes);
    }

    /** Returns when all readers have ended, and reports their failures. */
    @Override
    public void close() throws Exception {
        closing = true;
        threads.shutdown();
        for (Future<?> reader : running) {
            reader.get(120, TimeUnit.SECONDS);
        }
    }
}
