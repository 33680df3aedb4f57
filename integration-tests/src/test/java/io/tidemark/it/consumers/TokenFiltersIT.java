// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.consumers;

import static org.assertj.core.api.Assertions.assertThat;

import io.dropwizard.core.Application;
import io.dropwizard.core.Configuration;
import io.dropwizard.core.setup.Environment;
import io.tidemark.consumers.web.TokenJaxRsFilter;
import io.tidemark.consumers.web.TokenServletFilter;
import io.tidemark.consumers.web.UnreadableTokens;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.util.EnumSet;
import java.util.Optional;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Both filters in a real container, Jetty with Jersey, over real HTTP. */
class TokenFiltersIT {

    private static final String SERVLET = "/servlet";
    private static final String STRICT_SERVLET = "/strict-servlet";
    private static final String JAX_RS = "/jaxrs";
    private static final Token RECEIVED = Token.of("7f3a9c21", 1, Lsn.parse("A/1"));
    private static final Token ELSEWHERE = Token.of("00000001", 1, Lsn.parse("1/1"));
    private static final Token WRITTEN = Token.of("7f3a9c21", 1, Lsn.parse("A/2"));
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private static final Shop SHOP = new Shop();

    /** A service that returns the received token, and writes with a POST. */
    private static final class Shop extends Application<Configuration> {

        @SuppressWarnings("NullAway.Init") // once it has started
        private Server server;

        @Override
        public void run(Configuration configuration, Environment environment) {
            environment
                    .servlets()
                    .addFilter("token", new TokenServletFilter())
                    .addMappingForUrlPatterns(EnumSet.of(DispatcherType.REQUEST), false, SERVLET);
            environment
                    .servlets()
                    .addFilter("strict-token", new TokenServletFilter(UnreadableTokens.REJECT))
                    .addMappingForUrlPatterns(EnumSet.of(DispatcherType.REQUEST), false, STRICT_SERVLET);
            environment.servlets().addServlet("shop", new ShopServlet()).addMapping(SERVLET, STRICT_SERVLET);
            environment.jersey().register(new TokenJaxRsFilter());
            environment.jersey().register(new ShopResource());
            environment.lifecycle().addServerLifecycleListener(started -> server = started);
        }

        /** The tests configure logging. */
        @Override
        protected void bootstrapLogging() {
            // nothing to do
        }

        int port() {
            return ((ServerConnector) server.getConnectors()[0]).getLocalPort();
        }
    }

    private static String text(Optional<Token> token) {
        return "received " + token.map(Token::toString).orElse("nothing");
    }

    private static final class ShopServlet extends HttpServlet {

        private static final long serialVersionUID = 1L;

        @Override
        protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
            if (request.getParameter("missing") != null) {
                response.sendError(HttpServletResponse.SC_NOT_FOUND);
                return;
            }
            response.getWriter().print(text(TokenServletFilter.received(request)));
        }

        @Override
        protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
            TokenServletFilter.written(request, response, WRITTEN);
            doGet(request, response);
        }
    }

    /** Public, for Jersey. */
    @Path(JAX_RS)
    public static final class ShopResource {

        @GET
        public String get(@Context ContainerRequestContext request) {
            if (request.getUriInfo().getQueryParameters().containsKey("missing")) {
                throw new NotFoundException();
            }
            return text(TokenJaxRsFilter.received(request));
        }

        @POST
        public String post(@Context ContainerRequestContext request) {
            TokenJaxRsFilter.written(request, WRITTEN);
            return get(request);
        }
    }

    @BeforeAll
    static void start() throws Exception {
        java.nio.file.Path config = Files.createTempFile("shop", ".yml");
        Files.writeString(config, """
                server:
                  type: simple
                  applicationContextPath: /
                  adminContextPath: /admin
                  connector: {type: http, bindHost: 127.0.0.1, port: 0}
                  requestLog: {appenders: []}
                logging: {type: external}
                """);
        SHOP.run("server", config.toString());
    }

    @AfterAll
    static void stop() throws Exception {
        SHOP.server.stop();
    }

    private static HttpResponse<String> send(String method, String path, String... tokens) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + SHOP.port() + path))
                .method(method, HttpRequest.BodyPublishers.noBody());
        for (String token : tokens) {
            request.header(Token.HTTP_HEADER, token);
        }
        return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static Optional<String> tokenOf(HttpResponse<String> response) {
        return response.headers().firstValue(Token.HTTP_HEADER);
    }

    @ParameterizedTest
    @ValueSource(strings = {SERVLET, JAX_RS})
    void passesTheTokenOfAReaderAndReturnsIt(String path) throws Exception {
        HttpResponse<String> response = send("GET", path, RECEIVED.toString());

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).isEqualTo("received " + RECEIVED);
        assertThat(tokenOf(response)).contains(RECEIVED.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {SERVLET, JAX_RS})
    void returnsNoTokenToAReaderWithoutOne(String path) throws Exception {
        HttpResponse<String> response = send("GET", path);

        assertThat(response.body()).isEqualTo("received nothing");
        assertThat(tokenOf(response)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {SERVLET, JAX_RS})
    void returnsTheNewTokenMergedWithOlderOnesToAWriter(String path) throws Exception {
        assertThat(tokenOf(send("POST", path))).contains(WRITTEN.toString());
        assertThat(tokenOf(send("POST", path, RECEIVED.toString()))).contains(WRITTEN.toString());
        assertThat(tokenOf(send("POST", path, ELSEWHERE.toString())))
                .contains(ELSEWHERE.merge(WRITTEN).toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {SERVLET, JAX_RS})
    void mergesTheTokensOfAllHeaderLines(String path) throws Exception {
        assertThat(send("GET", path, RECEIVED.toString(), WRITTEN.toString()).body())
                .isEqualTo("received " + WRITTEN);
        assertThat(send("GET", path, WRITTEN + ", " + RECEIVED).body()).isEqualTo("received " + WRITTEN);
    }

    @ParameterizedTest
    @ValueSource(strings = {SERVLET, JAX_RS})
    void servesARequestWithAnUnreadableToken(String path) throws Exception {
        HttpResponse<String> alone = send("GET", path, "tm2.nonsense");
        HttpResponse<String> beside = send("POST", path, "tm2.nonsense~" + ELSEWHERE);

        assertThat(alone.statusCode()).isEqualTo(200);
        assertThat(alone.body()).isEqualTo("received nothing");
        assertThat(tokenOf(alone)).isEmpty();
        assertThat(beside.body()).isEqualTo("received " + ELSEWHERE);
        assertThat(tokenOf(beside)).contains(ELSEWHERE.merge(WRITTEN).toString());
    }

    @Test
    void strictFilterRejectsAnUnreadableTokenBeforeTheRequestIsServed() throws Exception {
        HttpResponse<String> response = send("POST", STRICT_SERVLET, "tm9.nonsense");

        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body()).contains("header Tidemark-Token: malformed token");
        assertThat(tokenOf(response)).isEmpty();
    }

    @Test
    void returnsTheTokenAfterAnErrorOfAResource() throws Exception {
        HttpResponse<String> response = send("GET", JAX_RS + "?missing", RECEIVED.toString());

        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(tokenOf(response)).contains(RECEIVED.toString());
    }
}
