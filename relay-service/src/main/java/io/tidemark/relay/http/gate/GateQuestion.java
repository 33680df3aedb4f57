// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http.gate;

import io.tidemark.relay.http.response.Problem;
import io.tidemark.relay.http.response.ProblemType;
import jakarta.ws.rs.WebApplicationException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.ToLongBiFunction;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the configuration of the proxy asks for, all of it in the query.
 *
 * @param waitMillis maximum wait; 0 answers now
 * @param isStrict whether a request is refused if its token is not caught up with; otherwise it passes
 * @param cookie the attributes with which the application sets the cookie
 */
record GateQuestion(long waitMillis, boolean isStrict, CookieAttributes cookie) {

    private static final String WAIT = "wait";
    private static final String WAIT_MILLIS = "waitMillis";
    private static final String OTHERWISE = "otherwise";
    private static final String COOKIE = "cookie";
    private static final Set<String> PARAMETERS = new TreeSet<>(Set.of(WAIT, WAIT_MILLIS, OTHERWISE, COOKIE));

    /**
     * Begins the part of the query that the client has written. Envoy puts the path that its configuration names in
     * front of the path and query of the client. Everything from here on is ignored.
     */
    private static final Pattern OF_CLIENT = Pattern.compile("(?:^|&)path=");

    private static final int SHOWN_CHARS = 64;

    /**
     * Parses a query.
     *
     * @param rawQuery as sent, not decoded; null without one
     * @param durations reads {@code wait} and {@code waitMillis}, or throws the problem
     * @throws WebApplicationException 400, which names the parameter and its problem
     */
    static GateQuestion parse(
            @Nullable String rawQuery, ToLongBiFunction<@Nullable String, @Nullable String> durations) {
        Map<String, String> given = parameters(rawQuery == null ? "" : OF_CLIENT.split(rawQuery, 2)[0]);
        String wait = given.get(WAIT);
        String waitMillis = given.get(WAIT_MILLIS);
        String cookie = given.get(COOKIE);
        return new GateQuestion(
                durations.applyAsLong(wait, waitMillis),
                isStrict(given.getOrDefault(OTHERWISE, "pass")),
                cookie == null ? CookieAttributes.RECOMMENDED : CookieAttributes.parse(cookie));
    }

    private static Map<String, String> parameters(String query) {
        Map<String, String> given = new LinkedHashMap<>();
        for (String parameter : query.split("&", -1)) {
            if (parameter.isEmpty()) {
                continue;
            }
            int equals = parameter.indexOf('=');
            String name = decoded(equals < 0 ? parameter : parameter.substring(0, equals));
            if (!PARAMETERS.contains(name)) {
                throw Problem.of(
                        ProblemType.UNKNOWN_PARAMETER,
                        "query parameter '" + shortened(name) + "' is not known here; known: "
                                + String.join(", ", PARAMETERS) + ", and path as the last one");
            }
            if (given.put(name, equals < 0 ? "" : decoded(parameter.substring(equals + 1))) != null) {
                throw Problem.of(
                        ProblemType.UNKNOWN_PARAMETER, "query parameter '" + name + "' is given twice; give it once");
            }
        }
        return given;
    }

    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw Problem.badRequest("the query has '%' without two hex digits behind it: " + shortened(text));
        }
    }

    private static boolean isStrict(String otherwise) {
        if (otherwise.equals("pass") || otherwise.equals("fail")) {
            return otherwise.equals("fail");
        }
        throw Problem.of(
                ProblemType.MALFORMED_PARAMETER, "otherwise '" + shortened(otherwise) + "' is neither pass nor fail");
    }

    private static String shortened(String text) {
        return text.length() > SHOWN_CHARS ? text.substring(0, SHOWN_CHARS) + "…" : text;
    }
}
