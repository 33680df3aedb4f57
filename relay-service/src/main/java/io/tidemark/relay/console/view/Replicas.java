// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.console.view;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemark.relay.client.RelayClient;
import io.tidemark.relay.client.RelayReply;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Asks this replica and all others at the same time. While an answer is being made, further callers share it. One that
 * does not answer delays the others by {@value #LIMIT_MILLIS} ms at most.
 */
final class Replicas implements AutoCloseable {

    static final int LIMIT_MILLIS = 3_000;

    private static final Duration EACH = Duration.ofMillis(2_500);
    private static final int THREADS = 16;
    private static final int MOST_ADDRESSES = 32;
    private static final long IDLE_SECONDS = 20;

    private final List<String> peers;
    private final Supplier<CompletableFuture<ReplicaReply>> self;
    private final RelayClient client = new RelayClient();
    private final ThreadPoolExecutor threads = new ThreadPoolExecutor(
            THREADS, THREADS, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                Thread thread = new Thread(task, "peers");
                thread.setDaemon(true);
                return thread;
            });

    private @Nullable CompletableFuture<Deployment> current;

    /**
     * Asks no replica yet.
     *
     * @param peers {@code host:port}; a name stands for all its addresses
     * @param self what this replica says of itself, without a request
     */
    Replicas(List<String> peers, Supplier<CompletableFuture<ReplicaReply>> self) {
        this.peers = peers;
        this.self = self;
        threads.allowCoreThreadTimeOut(true);
    }

    /** @param authorization of the caller, for the others; they have the same tokens */
    synchronized CompletableFuture<Deployment> ask(Optional<String> authorization) {
        CompletableFuture<Deployment> asked = current;
        if (asked == null || asked.isDone()) {
            asked = begin(authorization);
            current = asked;
        }
        return asked.copy();
    }

    private CompletableFuture<Deployment> begin(Optional<String> authorization) {
        CompletableFuture<List<ReplicaReply>> others = peers.isEmpty()
                ? CompletableFuture.completedFuture(List.of())
                : CompletableFuture.supplyAsync(this::addresses, threads)
                        .completeOnTimeout(
                                List.of(new Address("", "the names of console.peers could not be resolved in time")),
                                LIMIT_MILLIS,
                                TimeUnit.MILLISECONDS)
                        .thenCompose(addresses -> all(addresses, authorization));
        return self.get()
                .thenCombine(others, Replicas::distinct)
                .thenApply(replicas -> new Deployment(replicas, System.currentTimeMillis()));
    }

    /** A name that stands for nothing has a problem. */
    private record Address(String hostAndPort, String problem) {}

    private List<Address> addresses() {
        Set<String> found = new TreeSet<>();
        List<Address> addresses = new ArrayList<>();
        for (String peer : peers) {
            URI uri = URI.create("http://" + peer);
            String host = uri.getHost();
            try {
                for (InetAddress address : InetAddress.getAllByName(host)) {
                    found.add(literal(address) + ":" + uri.getPort());
                }
            } catch (UnknownHostException e) {
                addresses.add(new Address(peer, "the host name cannot be resolved"));
            }
        }
        found.stream().limit(MOST_ADDRESSES).forEach(address -> addresses.add(new Address(address, "")));
        return addresses;
    }

    private static String literal(InetAddress address) {
        String text = address.getHostAddress().replaceFirst("%.*", "");
        return address instanceof Inet6Address ? "[" + text + "]" : text;
    }

    private CompletableFuture<List<ReplicaReply>> all(List<Address> addresses, Optional<String> authorization) {
        List<CompletableFuture<ReplicaReply>> asked = addresses.stream()
                .map(address -> address.problem().isEmpty()
                        ? CompletableFuture.supplyAsync(() -> askOne(address.hostAndPort(), authorization), threads)
                                .completeOnTimeout(
                                        ReplicaReply.none(address.hostAndPort(), "no answer within 3 s"),
                                        LIMIT_MILLIS,
                                        TimeUnit.MILLISECONDS)
                        : CompletableFuture.completedFuture(
                                ReplicaReply.none(address.hostAndPort(), address.problem())))
                .toList();
        return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
                .thenApply(done -> asked.stream().map(CompletableFuture::join).toList());
    }

    private ReplicaReply askOne(String address, Optional<String> authorization) {
        URI url = URI.create("http://" + address);
        long begun = System.nanoTime();
        try {
            RelayReply source = client.get(url, "/v1/source", authorization, EACH);
            if (!source.isOk()) {
                return ReplicaReply.none(address, source.reason());
            }
            RelayReply projections = client.get(url, "/v1/projections", authorization, EACH);
            RelayReply history = client.get(url, "/v1/history?minutes=5", authorization, EACH);
            return new ReplicaReply(
                    address,
                    false,
                    TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun),
                    body(source),
                    body(projections),
                    body(history),
                    "",
                    projections.isOk() ? "" : projections.reason());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return ReplicaReply.none(address, "this replica stops");
        }
    }

    private static Optional<JsonNode> body(RelayReply reply) {
        return reply instanceof RelayReply.Answer answer && reply.isOk()
                ? Optional.of(answer.body())
                : Optional.empty();
    }

    /** The addresses of the peers usually include our own. */
    private static List<ReplicaReply> distinct(ReplicaReply self, List<ReplicaReply> others) {
        List<ReplicaReply> replicas = new ArrayList<>();
        String address = others.stream()
                .filter(other -> !self.id().isEmpty() && other.id().equals(self.id()))
                .map(ReplicaReply::address)
                .findFirst()
                .orElse("");
        replicas.add(self.at(address));
        others.stream()
                .filter(other -> other.id().isEmpty() || !other.id().equals(self.id()))
                .forEach(replicas::add);
        return replicas;
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
