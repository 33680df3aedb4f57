// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cli;

import io.tidemark.relay.cli.text.ExplanationText;
import io.tidemark.relay.client.CannotAsk;
import io.tidemark.relay.client.RelayClient;
import io.tidemark.relay.client.RelayReply;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tidemark explain T|EVENT-ID}. */
@Command(
        name = "explain",
        description = {
            "Prints where a write, or one event, is now: in the WAL, captured, published, and what each projection"
                    + " still"
                    + " needs.",
            "Exit code: 0 explained, 1 it cannot be judged (ahead, diverged, foreign, expired, unknown), or is nowhere"
                    + " or a dead letter, 2 could not ask."
        })
final class ExplainCommand implements Callable<Integer> {

    private static final Duration TIMEOUT = Duration.ofSeconds(20);
    /** From these states, waiting does not lead to {@code published}. */
    private static final Set<String> NOT_JUDGED =
            Set.of("ahead", "diverged", "foreign", "expired", "unknown", "dead-letter");

    @Mixin
    private final RelayOptions relays = new RelayOptions();

    @Mixin
    private final TokenSecretOption secret = new TokenSecretOption();

    @Parameters(
            paramLabel = "TOKEN|EVENT-ID",
            converter = OptionValues.SubjectText.class,
            description = "The result of outbox.token() after the commit, or of outbox.publish().")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private OptionValues.Subject subject;

    @Option(
            names = "--topic",
            paramLabel = "T",
            description = "Topic to search for an event without a row (from outbox.emit(), or deleted by cleanup).")
    private @Nullable String topic;

    @Option(
            names = "--since",
            paramLabel = "TIME",
            converter = OptionValues.Moment.class,
            description = "Skip records of that topic before this time (ISO 8601, with its zone).")
    private @Nullable Instant since;

    @Option(names = "--json", description = "Print the relay's answer as JSON.")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        RelayClient client = relays.client();
        String path = path();
        StringBuilder reasons = new StringBuilder();
        for (URI relay : relays.urls()) {
            RelayReply reply = client.get(relay, path, TIMEOUT);
            if (reply instanceof RelayReply.Answer answer && reply.isOk()) {
                System.out.println(json ? answer.body() : ExplanationText.of(answer.body()));
                boolean judged =
                        !NOT_JUDGED.contains(answer.body().path("stage").asText());
                return judged ? TidemarkCli.FINE : TidemarkCli.FAILED;
            }
            if (reply instanceof RelayReply.Answer answer && answer.status() == 404) {
                System.err.println("tidemark: " + relay + ": "
                        + answer.body().path("detail").asText());
                return TidemarkCli.FAILED;
            }
            reasons.append(reasons.isEmpty() ? "" : "; ")
                    .append(relay)
                    .append(": ")
                    .append(reply.reason());
        }
        System.err.println("tidemark: " + reasons);
        return TidemarkCli.COULD_NOT_RUN;
    }

    /** The relay's answer has the reason. */
    private String path() throws CannotAsk {
        StringBuilder query = new StringBuilder();
        if (topic != null) {
            query.append("?topic=").append(URLEncoder.encode(topic, StandardCharsets.UTF_8));
        }
        if (since != null) {
            query.append(query.isEmpty() ? '?' : '&').append("since=").append(since);
        }
        return subject.path() + secret.sent(subject.name()) + query;
    }
}
