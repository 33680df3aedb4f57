// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.consumers.FakeRelay;
import io.tidemark.consumers.RelayRequestException;
import io.tidemark.consumers.internal.progress.ProgressTable.Partition;
import io.tidemark.consumers.internal.relay.TokenOffsets.Result;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.WatermarkStatus;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class TokenOffsetsTest {

    private static final Token TOKEN = Token.of("7f3a9c21", 1, Lsn.parse("A/1B2C3D40"));
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    private static String explained(String published, String status) {
        return "{\"token\":\"" + TOKEN + "\",\"published\":" + published
                + ",\"projections\":[{\"projection\":\"other\","
                + "\"status\":\"success\",\"partitions\":[]},{\"projection\":\"orders-view\",\"status\":\"" + status
                + "\",\"reason\":\"because\",\"partitions\":[{\"topic\":\"outbox.order\",\"partition\":1,\"need\":7,"
                + "\"have\":3}]}]}";
    }

    private static Result known(Optional<String> topicId) {
        return new Result.Known(Map.of(new Partition("outbox.order", 1), new TokenOffsets.Need(7, topicId)));
    }

    private static RelayApi relays(FakeRelay relay) {
        return new RelayApi(HttpClient.newHttpClient(), List.of(relay.url()));
    }

    private static Result ask(String answer) throws Exception {
        try (FakeRelay relay = new FakeRelay().then(200, answer)) {
            return new TokenOffsets("orders-view", relays(relay), 10, System::nanoTime)
                    .of(TOKEN, Deadline.after(TIMEOUT));
        }
    }

    @Test
    void readsTheOffsetsWhateverTheStateOfTheGroup() throws Exception {
        Result expected = known(Optional.empty());

        assertThat(ask(explained("\"A/1B2C4000\"", "success"))).isEqualTo(expected);
        assertThat(ask(explained("\"A/1B2C3D40\"", "timeout"))).isEqualTo(expected);
        assertThat(ask(explained("true", "stalled"))).isEqualTo(expected);
    }

    /** The index knows it; the offsets that the group has committed are not needed, and may not be known. */
    @Test
    void readsTheVectorWithoutAskingForTheGroup() throws Exception {
        String body = "{\"token\":\"" + TOKEN + "\",\"published\":\"A/1B2C4000\",\"projections\":[{\"projection\":"
                + "\"orders-view\",\"partitions\":[{\"topic\":\"outbox.order\",\"partition\":1,\"need\":7,\"topicId\":\"aB3\"}]}]}";
        try (FakeRelay relay = new FakeRelay().then(200, body)) {
            Result result = new TokenOffsets("orders-view", relays(relay), 10, System::nanoTime)
                    .of(TOKEN, Deadline.after(TIMEOUT));

            assertThat(result).isEqualTo(known(Optional.of("aB3")));
            assertThat(relay.requests)
                    .containsExactly("GET /v1/tokens/" + TOKEN + "?groups=false&projection=orders-view");
        }
    }

    @Test
    void returnsNotPublishedBeforeTheTokenIsPublished() throws Exception {
        assertThat(ask(explained("\"A/1B2C3D3F\"", "timeout"))).isEqualTo(new Result.NotPublished());
        assertThat(ask(explained("false", "timeout"))).isEqualTo(new Result.NotPublished());
        assertThat(ask(explained("null", "success"))).isEqualTo(new Result.NotPublished());
    }

    @Test
    void returnsWhyTheTokenCannotBeAnswered() throws Exception {
        assertThat(ask(explained("true", "diverged")))
                .isEqualTo(new Result.Unanswerable(WatermarkStatus.DIVERGED, "because", Optional.of(TOKEN)));
        assertThat(ask(explained("true", "splendid")))
                .isEqualTo(new Result.Unanswerable(WatermarkStatus.UNKNOWN, "because", Optional.of(TOKEN)));
        assertThatThrownBy(() -> ask("{\"published\":true,\"projections\":[]}"))
                .isInstanceOf(RelayRequestException.class)
                .hasMessageContaining("no projection 'orders-view'");
    }

    @Test
    void asksOnceForEachTokenAndForgetsTheOldest() throws Exception {
        try (FakeRelay relay = new FakeRelay().then(200, explained("true", "success"))) {
            TokenOffsets tokenOffsets = new TokenOffsets("orders-view", relays(relay), 2, System::nanoTime);
            Token other = Token.of("7f3a9c21", 1, Lsn.parse("A/1"));
            Token third = Token.of("7f3a9c21", 1, Lsn.parse("A/2"));

            tokenOffsets.of(TOKEN, Deadline.after(TIMEOUT));
            tokenOffsets.of(other, Deadline.after(TIMEOUT));
            tokenOffsets.of(TOKEN, Deadline.after(TIMEOUT));
            assertThat(relay.requests).hasSize(2);

            tokenOffsets.of(third, Deadline.after(TIMEOUT)); // removes the least recently used token
            tokenOffsets.of(TOKEN, Deadline.after(TIMEOUT));
            assertThat(relay.requests).hasSize(3);
            tokenOffsets.of(other, Deadline.after(TIMEOUT));
            assertThat(relay.requests).hasSize(4);
        }
    }

    /** The projection may get another topic, or a topic may be created again. */
    @Test
    void asksAgainAfterFiveMinutes() throws Exception {
        AtomicLong now = new AtomicLong(Long.MAX_VALUE - 1); // it overflows as System.nanoTime() may
        try (FakeRelay relay = new FakeRelay().then(200, explained("true", "success"))) {
            TokenOffsets tokenOffsets = new TokenOffsets("orders-view", relays(relay), 2, now::get);

            tokenOffsets.of(TOKEN, Deadline.after(TIMEOUT));
            now.addAndGet(Duration.ofMinutes(5).toNanos() - 1);
            tokenOffsets.of(TOKEN, Deadline.after(TIMEOUT));
            assertThat(relay.requests).hasSize(1);

            now.addAndGet(1);
            tokenOffsets.of(TOKEN, Deadline.after(TIMEOUT));
            assertThat(relay.requests).hasSize(2);
        }
    }
}
