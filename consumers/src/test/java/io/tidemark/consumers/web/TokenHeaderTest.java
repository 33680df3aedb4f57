package io.tidemark.consumers.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TokenHeaderTest {

    private static final Token OLD = Token.of("7f3a9c21", 1, Lsn.parse("A/1"));
    private static final Token NEW = Token.of("7f3a9c21", 1, Lsn.parse("A/2"));

    @Test
    void readsWhatIsThere() {
        assertThat(TokenHeader.read(null)).isEmpty();
        assertThat(TokenHeader.read(" ")).isEmpty();
        assertThat(TokenHeader.read(OLD + " ")).contains(OLD);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TokenHeader.read("tm9.x"))
                .withMessageContaining("header Tidemark-Token: malformed token");
    }

    @Test
    void keepsTheOlderWritesOfTheCaller() {
        Token elsewhere = Token.of("00000001", 1, Lsn.parse("1/1"));

        assertThat(TokenHeader.merge(Optional.of(OLD), Optional.of(NEW))).contains(NEW);
        assertThat(TokenHeader.merge(Optional.of(OLD), Optional.empty())).contains(OLD);
        assertThat(TokenHeader.merge(Optional.empty(), Optional.of(NEW))).contains(NEW);
        assertThat(TokenHeader.merge(Optional.of(elsewhere), Optional.of(NEW)))
                .hasValueSatisfying(token -> assertThat(token.parts()).hasSize(2));
    }

    @Test
    void aCallerThatBringsTooMuchDoesNotSpoilWhatItHasWritten() {
        List<Token.Part> parts = new ArrayList<>();
        for (int i = 0; i < Token.MAX_SOURCES; i++) {
            parts.add(new Token.Part("0000000" + i, 1, Lsn.parse("1/1")));
        }

        assertThat(TokenHeader.merge(Optional.of(new Token(parts)), Optional.of(NEW)))
                .contains(NEW);
    }
}
