// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http.gate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.seal.TokenForm;
import io.tidemark.outbox.seal.TokenSeal;
import io.tidemark.relay.http.gate.CarriedTokens.CookieState;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CarriedTokensTest {

    private static final String OLD = "tm1.7f3a9c21.1.0000000A00000000";
    private static final String NEW = "tm1.7f3a9c21.1.0000000B00000000";
    private static final String OTHER = "tm1.00000001.1.0000000000000001";

    private static CarriedTokens carried(List<String> headerLines, List<String> cookieLines) {
        return CarriedTokens.in(headerLines, cookieLines, TokenForm.PLAIN);
    }

    private static CarriedTokens cookies(String... lines) {
        return carried(List.of(), List.of(lines));
    }

    private static CarriedTokens headers(String... lines) {
        return carried(List.of(lines), List.of());
    }

    private static void assertHolds(CarriedTokens carried, String token) {
        assertThat(carried.token().map(Token::toString)).hasValue(token);
        assertThat(carried.unreadable()).isEmpty();
    }

    /** In these examples N is a token, and X another name. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "Tidemark-Token=N",
                "X=1; Tidemark-Token=N",
                "X=1;Tidemark-Token=N;Y=a=b",
                "X=\"a b\"; Tidemark-Token=\"N\"; Ü=,",
                "X-Tidemark-Token=tm1; Tidemark-Token=N",
                "Tidemark-Token = 1; Tidemark-Token=N",
                "Tidemark-Token=; Tidemark-Token=N",
                ";;=; Tidemark-Token=N ;"
            })
    void readsTheCookieOfItsNameAndNoOther(String line) {
        CarriedTokens carried = cookies(line.replace("N", NEW));

        assertHolds(carried, NEW);
        assertThat(carried.cookie()).isEqualTo(carried.token());
        assertThat(carried.cookieState()).isEqualTo(CookieState.READABLE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", " ", "a=b", "tidemark-token=N", "Tidemark-Token=", "Tidemark-Token=\"\"", "Tidemark-Token"})
    void isEmptyWithoutAToken(String line) {
        assertThat(cookies(line).isEmpty()).isTrue();
        assertThat(carried(List.of("", " ", ","), List.of()).isEmpty()).isTrue();
    }

    @Test
    void joinsSeveralCookiesAndSeveralLines() {
        assertHolds(cookies("Tidemark-Token=" + OLD + "; Tidemark-Token=" + NEW), NEW);
        assertHolds(cookies("Tidemark-Token=" + NEW, "a=b; Tidemark-Token=" + OTHER), OTHER + "~" + NEW);
        assertHolds(headers(NEW, OLD), NEW);
        assertHolds(headers(OLD + ", " + NEW + "~" + OTHER), OTHER + "~" + NEW);
    }

    @Test
    void readsACookieThatIsEncodedAsInAUrl() {
        assertHolds(cookies("Tidemark-Token=" + NEW + "%7E" + OTHER), OTHER + "~" + NEW);
        assertHolds(cookies("Tidemark-Token=" + NEW + "%7e" + OTHER), OTHER + "~" + NEW);
    }

    @Test
    void joinsHeaderAndCookieThatDiffer() {
        CarriedTokens carried = carried(List.of(OLD), List.of("Tidemark-Token=" + NEW + "~" + OTHER));

        assertHolds(carried, OTHER + "~" + NEW);
        assertThat(carried.cookie().map(Token::toString)).hasValue(OTHER + "~" + NEW);
        assertHolds(carried(List.of(NEW), List.of("Tidemark-Token=" + OLD)), NEW);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            abc                                 | SPOILT  | 'abc' is not of the form
            N,N                                 | SPOILT  | is not of the form
            N N                                 | SPOILT  | is not
            tm1.7f3a9c21.1.XYZ                  | SPOILT  | LSN 'XYZ'
            tm1.7f3a9c21.0.0000000A00000000     | SPOILT  | timeline '0'
            tm2.7f3a9c21.1.0000000A00000000.sig | TO_KEEP | is not of the form
            tm2.7f3a9c21.1.0000000A00000000     | TO_KEEP | version 'tm2'
            tm2.7f3a9c21.1.0000000A00000000~x   | TO_KEEP | version 'tm2'
            x~tm2.7f3a9c21.1.0000000A00000000   | TO_KEEP | version 'tm2'
            """)
    void namesWhatIsWrongWithACookie(String value, CookieState state, String reason) {
        CarriedTokens carried = cookies("Tidemark-Token=" + value.replace("N", NEW));

        assertThat(carried.token()).isEmpty();
        assertThat(carried.isEmpty()).isFalse();
        assertThat(carried.cookieState()).isEqualTo(state);
        assertThat(carried.unreadable())
                .startsWith("cookie Tidemark-Token: malformed token")
                .contains(reason);
    }

    @Test
    void limitsTheReasonForALongCookie() {
        CarriedTokens carried = cookies("Tidemark-Token=" + "a".repeat(5 * 1024));

        assertThat(carried.unreadable()).contains("it has 5120 characters").hasSizeLessThan(320);
        assertThat(cookies("Tidemark-Token=" + "a.".repeat(200)).unreadable()).hasSizeLessThan(320);
        assertThat(carried.cookieState()).isEqualTo(CookieState.SPOILT);
    }

    @Test
    void readsTheOtherPartsBesideAnUnreadableOne() {
        CarriedTokens carried = carried(List.of("rubbish"), List.of("Tidemark-Token=" + NEW + "~tm3.x"));

        assertThat(carried.token().map(Token::toString)).hasValue(NEW);
        assertThat(carried.unreadable()).contains("header Tidemark-Token: ", "cookie Tidemark-Token: ");
        assertThat(carried.cookieState()).isEqualTo(CookieState.TO_KEEP);
    }

    @Test
    void doesNotCallAnUnreadableHeaderASpoiltCookie() {
        assertThat(carried(List.of("rubbish"), List.of("Tidemark-Token=" + NEW)).cookieState())
                .isEqualTo(CookieState.READABLE);
    }

    /** The gate and the clients' middleware read sealed tokens in the same way. */
    @TestFactory
    Stream<DynamicTest> readsSealedTokensAsTheClientsDo() throws IOException {
        JsonNode vectors = new ObjectMapper()
                .readTree(Path.of("..", "clients", "conformance", "seals.json").toFile())
                .required("carried");
        return StreamSupport.stream(vectors.spliterator(), false)
                .map(entry -> DynamicTest.dynamicTest(entry.required("name").asText(), () -> {
                    List<String> secrets = texts(entry.required("secrets"));
                    CarriedTokens carried = CarriedTokens.in(
                            texts(entry.required("header")),
                            texts(entry.required("cookie")),
                            secrets.isEmpty() ? TokenForm.PLAIN : TokenSeal.of(secrets));

                    assertThat(carried.token().map(Token::toString).orElse(null))
                            .isEqualTo(entry.required("token").textValue());
                    assertThat(carried.unreadable().isEmpty())
                            .isEqualTo(entry.required("unreadable").isEmpty());
                    assertThat(texts(entry.required("unreadable")))
                            .allSatisfy(part -> assertThat(carried.unreadable()).contains(part));
                    assertThat(carried.cookieState() == CookieState.SPOILT)
                            .isEqualTo(entry.required("isCookieSpoilt").asBoolean());
                }));
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(text -> texts.add(text.asText()));
        return texts;
    }

    /** Nine sources are more than a token can have: the ninth is not waited for, and the answer must not hide it. */
    @Test
    void isUnreadableIfTheyAreTooManyTogether() {
        List<String> tokens = IntStream.rangeClosed(1, Token.MAX_SOURCES + 1)
                .mapToObj(i -> Token.of(String.format("%08x", i), 1, new Lsn(1)).toString())
                .collect(Collectors.toCollection(ArrayList::new));
        String first = String.join("~", tokens.subList(0, Token.MAX_SOURCES));
        String last = tokens.get(Token.MAX_SOURCES);

        CarriedTokens together = carried(List.of(first), List.of("Tidemark-Token=" + last));
        CarriedTokens inCookies = cookies("Tidemark-Token=" + String.join("; Tidemark-Token=", first, last));

        for (CarriedTokens carried : Arrays.asList(together, inCookies)) {
            assertThat(carried.token().map(Token::toString)).hasValue(first);
            assertThat(carried.unreadable()).contains("names 9 sources");
        }
        assertThat(together.cookieState()).isEqualTo(CookieState.READABLE);
        assertThat(inCookies.cookieState()).isEqualTo(CookieState.TO_KEEP);
    }
}
