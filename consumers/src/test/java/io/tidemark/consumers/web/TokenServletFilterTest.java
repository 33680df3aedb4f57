// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.web;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.seal.TokenForm;
import io.tidemark.outbox.seal.TokenSeal;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TokenServletFilterTest {

    private static final Token RECEIVED = Token.of("00000001", 1, Lsn.parse("1/1"));
    private static final Token ORDERS = Token.of("7f3a9c21", 1, Lsn.parse("A/1"));
    private static final Token STOCK = Token.of("00000002", 1, Lsn.parse("2/2"));

    private final List<String> lines = new ArrayList<>(List.of(RECEIVED.toString()));
    private final List<String> cookies = new ArrayList<>();
    private final Map<String, Object> attributes = new HashMap<>();
    private final Map<String, String> headers = new HashMap<>();

    private final HttpServletRequest request =
            proxy(HttpServletRequest.class, (proxy, method, arguments) -> switch (method.getName()) {
                case "getHeaders" -> Collections.enumeration(arguments[0].equals("Cookie") ? cookies : lines);
                case "getAttribute" -> attributes.get(arguments[0]);
                case "setAttribute" -> attributes.put((String) arguments[0], arguments[1]);
                default -> throw new UnsupportedOperationException(method.getName());
            });

    private final HttpServletResponse response = proxy(HttpServletResponse.class, (proxy, method, arguments) -> {
        if (!method.getName().equals("setHeader")) {
            throw new UnsupportedOperationException(method.getName());
        }
        headers.put((String) arguments[0], (String) arguments[1]);
        return null;
    });

    private static <T> T proxy(Class<T> type, InvocationHandler handler) {
        return type.cast(
                Proxy.newProxyInstance(TokenServletFilterTest.class.getClassLoader(), new Class<?>[] {type}, handler));
    }

    @Test
    void returnsEveryTokenThatWasWrittenInTheRequest() throws Exception {
        new TokenServletFilter().doFilter(request, response, (servletRequest, servletResponse) -> {
            TokenServletFilter.written(request, response, ORDERS);
            TokenServletFilter.written(request, response, STOCK);
        });

        assertThat(headers)
                .containsEntry(
                        Token.HTTP_HEADER, RECEIVED.merge(ORDERS).merge(STOCK).toString());
    }

    @Test
    void readsTheCookieToo() throws Exception {
        cookies.add("a=b; Tidemark-Token=" + STOCK);

        new TokenServletFilter().doFilter(request, response, (servletRequest, servletResponse) -> {
            assertThat(TokenServletFilter.received(request)).contains(RECEIVED.merge(STOCK));
        });

        assertThat(headers)
                .containsEntry(Token.HTTP_HEADER, RECEIVED.merge(STOCK).toString());
    }

    @Test
    void acceptsAndReturnsOnlySealedTokensWithASeal() throws Exception {
        TokenSeal seal = TokenSeal.of(List.of("s".repeat(32)));
        cookies.add("Tidemark-Token=" + seal.write(STOCK));

        new TokenServletFilter(UnreadableTokens.IGNORE, seal)
                .doFilter(request, response, (servletRequest, servletResponse) -> {
                    assertThat(TokenServletFilter.received(request)).contains(STOCK);
                    assertThat(TokenServletFilter.unreadable(request))
                            .hasValueSatisfying(reason -> assertThat(reason).contains("unsealed token"));
                    TokenServletFilter.written(request, response, ORDERS);
                });

        assertThat(headers).containsEntry(Token.HTTP_HEADER, seal.write(STOCK.merge(ORDERS)));
    }

    /** The received token has a part that was lost; the token that the relay returns takes its place, also beside one that is written. */
    @Test
    void theCallerReceivesTheTokenThatARelayReturns() throws Exception {
        Token lost = Token.of("7f3a9c21", 1, Lsn.parse("9/9"));
        Token kept = Token.of("7f3a9c21", 2, Lsn.parse("9/8"));
        lines.set(0, lost.merge(kept).toString());

        new TokenServletFilter().doFilter(request, response, (servletRequest, servletResponse) -> {
            TokenServletFilter.carryOn(request, response, Optional.of(kept));
            assertThat(headers).containsEntry(Token.HTTP_HEADER, kept.toString());
            TokenServletFilter.written(request, response, STOCK);
        });

        assertThat(headers).containsEntry(Token.HTTP_HEADER, kept.merge(STOCK).toString());
    }

    @Test
    void theCallerForgetsATokenOfWhichNothingIsLeft() throws Exception {
        new TokenServletFilter()
                .doFilter(
                        request,
                        response,
                        (servletRequest, servletResponse) ->
                                TokenServletFilter.carryOn(request, response, Optional.empty()));

        assertThat(headers).containsEntry(Token.HTTP_HEADER, "");
        assertThat(TokenServletFilter.received(request)).isEmpty();
        assertThat(TokenHeader.read(List.of(""), List.of(), TokenForm.PLAIN).unreadable())
                .isEmpty();
    }
}
