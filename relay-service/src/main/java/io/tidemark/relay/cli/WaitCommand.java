// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.relay.cli.text.AnswerText;
import io.tidemark.relay.client.CannotAsk;
import io.tidemark.relay.client.TokenWait;
import io.tidemark.relay.client.TokenWait.Outcome;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code tidemark wait --projection P --token T}, or without a token {@code --max-staleness D}. */
@Command(
        name = "wait",
        description = {
            "Waits until a projection has caught up: with a token, with everything that is committed now (--token now), or"
                    + " to within --max-staleness.",
            "Exit code: 0 caught up, 1 waiting does not help (stalled, stopped, rebuilding, unknown, ahead, diverged,"
                    + " foreign, expired), 2 could not ask, 3 timeout.",
            "If a relay cannot answer now (503), has too many waiters (429) or is unreachable, all relays are asked"
                    + " again until the timeout."
        })
final class WaitCommand implements Callable<Integer> {

    @Mixin
    private final RelayOptions relays = new RelayOptions();

    @Mixin
    private final TokenSecretOption secret = new TokenSecretOption();

    @Option(
            names = "--projection",
            paramLabel = "NAME",
            required = true,
            description = "A projection of the relays' configuration.")
    private String projection = "";

    @ArgGroup(multiplicity = "1")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Wanted wanted;

    /** Exactly one of the two. */
    private static final class Wanted {

        @Option(
                names = "--token",
                paramLabel = "TOKEN",
                converter = OptionValues.TokenOrNow.class,
                description =
                        "The result of outbox.token() after the commit, or now: everything that is committed when a"
                                + " relay receives the question.")
        private @Nullable String token;

        @Option(
                names = "--max-staleness",
                paramLabel = "DURATION",
                converter = OptionValues.Length.class,
                description =
                        "Everything that was committed this long before the answer, for example 5s. 100ms or more.")
        private @Nullable Duration maxStaleness;

        String question(TokenSecretOption secret) throws CannotAsk {
            return maxStaleness == null
                    ? TokenWait.ofToken(secret.sent(Objects.requireNonNull(token)))
                    : TokenWait.within(maxStaleness);
        }
    }

    @Option(
            names = "--timeout",
            paramLabel = "DURATION",
            defaultValue = "10s",
            converter = OptionValues.Length.class,
            description = {"Maximum time to wait, for example 750ms, 10s or 5m.", "Default: ${DEFAULT-VALUE}"})
    private Duration timeout = Duration.ZERO;

    @Option(names = "--json", description = "Print the relay's answer as JSON.")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        Outcome outcome =
                new TokenWait(relays.client(), relays.urls()).await(projection, wanted.question(secret), timeout);
        if (outcome instanceof Outcome.Impossible impossible) {
            System.err.println("tidemark: " + impossible.message());
            return TidemarkCli.COULD_NOT_RUN;
        }
        if (outcome instanceof Outcome.TimedOut timedOut) {
            System.out.println(json ? json(timedOut) : text(timedOut));
            return TidemarkCli.TIMED_OUT;
        }
        JsonNode answer = ((Outcome.Decided) outcome).answer();
        System.out.println(json ? answer : AnswerText.line(answer));
        return answer.path("status").asText().equals("success") ? TidemarkCli.FINE : TidemarkCli.FAILED;
    }

    private ObjectNode json(Outcome.TimedOut timedOut) {
        ObjectNode answer = timedOut.answer()
                .map(last -> ((ObjectNode) last).deepCopy())
                .orElseGet(() -> JsonNodeFactory.instance
                        .objectNode()
                        .put("status", "timeout")
                        .put("projection", projection)
                        .put("token", wanted.token));
        return timedOut.reason().isEmpty() ? answer : answer.put("reason", timedOut.reason());
    }

    private String text(Outcome.TimedOut timedOut) {
        String last = timedOut.answer().map(AnswerText::line).orElse("timeout: no relay could answer");
        return timedOut.reason().isEmpty() ? last : last + "; " + timedOut.reason();
    }
}
