// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.WatermarkStatus;
import io.tidemark.outbox.seal.TokenForm;
import io.tidemark.relay.replica.ReplicaAnswer;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.timeline.JudgedToken;
import io.tidemark.relay.timeline.JudgedToken.JudgedPart;
import io.tidemark.relay.timeline.TokenVerdict;
import io.tidemark.relay.watermark.Answer;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Writes the parts of a token in an answer, each with its own status, and the token to use from now on. */
final class SourcesJson {

    private final Supplier<Optional<SourceIdentity>> identity;
    private final TokenForm form;

    /**
     * @param identity of the source this relay serves; empty before it has reached it
     * @param form in which callers get tokens
     */
    SourcesJson(Supplier<Optional<SourceIdentity>> identity, TokenForm form) {
        this.identity = identity;
        this.form = form;
    }

    /**
     * The result for every part that is not refused.
     *
     * @param code the case of the status
     * @param phase of a timeout; empty otherwise
     * @param reason for people; empty if the status is enough
     * @param published empty if not known
     */
    private record Standing(WatermarkStatus status, String code, String phase, String reason, Optional<Lsn> published) {

        static Standing of(Answer answer) {
            WatermarkStatus status = answer.status();
            if (answer instanceof Answer.Success success) {
                return new Standing(status, answer.code(), "", "", Optional.of(success.published()));
            }
            if (answer instanceof Answer.SourceBehind behind) {
                return new Standing(status, answer.code(), "source", "", Optional.of(behind.published()));
            }
            if (answer instanceof Answer.ProjectionBehind behind) {
                return new Standing(status, answer.code(), "projection", "", Optional.of(behind.published()));
            }
            if (answer instanceof Answer.NotVisible consumed) {
                return new Standing(
                        status, answer.code(), "projection", consumed.reason(), Optional.of(consumed.published()));
            }
            if (answer instanceof Answer.NoProgress stuck) {
                return new Standing(status, answer.code(), "", stuck.reason(), Optional.of(stuck.published()));
            }
            if (answer instanceof Answer.Ahead ahead) {
                return new Standing(status, answer.code(), "", "", Optional.of(ahead.published()));
            }
            return new Standing(status, answer.code(), "", reason(answer), Optional.empty());
        }

        private static String reason(Answer answer) {
            if (answer instanceof Answer.Refused refused) {
                return refused.reason();
            }
            if (answer instanceof Answer.Unavailable unavailable) {
                return unavailable.reason();
            }
            return answer instanceof Answer.TooManyWaiters tooMany ? tooMany.reason() : "";
        }
    }

    /** Adds {@code sources}, part by part. */
    void put(ObjectNode json, Token token, Answer answer) {
        Optional<JudgedToken> judged = answer instanceof Answer.Refused refused ? refused.judged() : Optional.empty();
        Answer ofOthers =
                answer instanceof Answer.Refused refused && refused.others().isPresent()
                        ? refused.others().get()
                        : answer;
        put(json, token, judged, Standing.of(ofOthers));
    }

    /** The same for a standby. */
    void put(ObjectNode json, Token token, ReplicaAnswer answer) {
        Optional<JudgedToken> judged =
                answer instanceof ReplicaAnswer.Refused refused ? refused.judged() : Optional.empty();
        WatermarkStatus status = answer.status();
        String code = answer.code();
        if (answer instanceof ReplicaAnswer.Refused refused && judged.isPresent()) {
            status = refused.othersAreReplayed() ? WatermarkStatus.SUCCESS : WatermarkStatus.TIMEOUT;
            code = refused.othersAreReplayed() ? "caught-up" : "not-replayed";
        }
        String phase = status == WatermarkStatus.TIMEOUT ? "replica" : "";
        String reason = answer instanceof ReplicaAnswer.Refused refused ? refused.reason() : "";
        put(json, token, judged, new Standing(status, code, phase, reason, Optional.empty()));
    }

    private void put(ObjectNode json, Token token, Optional<JudgedToken> judged, Standing ofOthers) {
        ArrayNode sources = json.putArray("sources");
        if (judged.isEmpty()) {
            token.parts().forEach(part -> put(sources, part, ofOthers));
            return;
        }
        for (JudgedPart each : judged.get().parts()) {
            put(
                    sources,
                    each.part(),
                    each.verdict() instanceof TokenVerdict.Refused refused
                            ? new Standing(refused.status(), refused.code(), "", refused.reason(), Optional.empty())
                            : ofOthers);
        }
    }

    private void put(ArrayNode sources, Token.Part part, Standing standing) {
        ObjectNode json = sources.addObject();
        identity.get()
                .filter(served -> served.sourceId().equals(part.source()))
                .ifPresent(served -> json.put("name", served.database()));
        json.put("source", part.source())
                .put("part", form.write(new Token(List.of(part))))
                .put("status", standing.status().word())
                .put("code", standing.code());
        if (!standing.phase().isEmpty()) {
            json.put("phase", standing.phase());
        }
        if (!standing.reason().isEmpty()) {
            json.put("reason", standing.reason());
        }
        standing.published().ifPresent(published -> json.put("published", published.toString()));
    }

    /** The token as callers get it. */
    String text(Token token) {
        return form.write(token);
    }

    /** The token to use from now on; null if nothing of it is left. */
    @Nullable
    String carryOn(Token token, Answer answer) {
        return carryOn(token, answer instanceof Answer.Refused refused ? refused.judged() : Optional.empty());
    }

    /** The same for a standby. */
    @Nullable
    String carryOn(Token token, ReplicaAnswer answer) {
        return carryOn(token, answer instanceof ReplicaAnswer.Refused refused ? refused.judged() : Optional.empty());
    }

    /** If no part is refused, all parts are in the history of the one source. */
    private @Nullable String carryOn(Token token, Optional<JudgedToken> judged) {
        Optional<Token> left = judged.isPresent() ? judged.get().carryOn() : Optional.of(JudgedToken.carryOn(token));
        return left.map(form::write).orElse(null);
    }
}
