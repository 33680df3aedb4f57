// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http.gate;

import io.tidemark.relay.http.response.Problem;
import io.tidemark.relay.http.response.ProblemType;
import jakarta.ws.rs.WebApplicationException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The attributes with which the application sets the cookie. A browser replaces a cookie only by one with the same path
 * and domain, so the gate must use the same ones.
 *
 * @param text all but Max-Age, as in {@code Set-Cookie}
 * @param maxAge in seconds, digits only
 */
record CookieAttributes(String text, String maxAge) {

    /** What the documentation recommends. */
    static final CookieAttributes RECOMMENDED = new CookieAttributes("Path=/; HttpOnly; SameSite=Lax", "300");

    private static final int MAX_CHARS = 256;
    private static final String MAX_AGE = "Max-Age";
    private static final String PATH = "Path";

    /** Attribute to the values that it can have; the name is compared without case (RFC 6265, section 5.2). */
    private static final Map<String, Pattern> KNOWN = known();

    private static Map<String, Pattern> known() {
        Map<String, Pattern> known = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        known.put(PATH, Pattern.compile("/[!-:<-~]*"));
        known.put("Domain", Pattern.compile("[A-Za-z0-9.-]{1,253}"));
        known.put(MAX_AGE, Pattern.compile("[1-9][0-9]{0,8}"));
        known.put("SameSite", Pattern.compile("Strict|Lax|None"));
        known.put("HttpOnly", Pattern.compile(""));
        known.put("Secure", Pattern.compile(""));
        known.put("Partitioned", Pattern.compile(""));
        return known;
    }

    /**
     * Parses what a query parameter has, for example {@code Path=/; Secure}.
     *
     * @throws WebApplicationException 400, which names the attribute and its problem
     */
    static CookieAttributes parse(String text) {
        if (text.length() > MAX_CHARS) {
            throw Problem.of(
                    ProblemType.MALFORMED_PARAMETER,
                    "cookie has " + text.length() + " characters, at most " + MAX_CHARS
                            + " are allowed; give the attributes with which the application sets the cookie");
        }
        Map<String, String> given = new LinkedHashMap<>();
        for (String attribute : text.split(";", -1)) {
            if (!attribute.isBlank()) {
                add(given, attribute.strip());
            }
        }
        String maxAge = Optional.ofNullable(given.remove(MAX_AGE)).orElse(RECOMMENDED.maxAge);
        given.putIfAbsent(PATH, "/");
        String all = given.entrySet().stream()
                .map(one -> one.getValue().isEmpty() ? one.getKey() : one.getKey() + "=" + one.getValue())
                .reduce((before, next) -> before + "; " + next)
                .orElse("");
        return new CookieAttributes(all, maxAge);
    }

    private static void add(Map<String, String> given, String attribute) {
        int equals = attribute.indexOf('=');
        String name = equals < 0 ? attribute : attribute.substring(0, equals).strip();
        String value = equals < 0 ? "" : attribute.substring(equals + 1).strip();
        String known = KNOWN.keySet().stream()
                .filter(name::equalsIgnoreCase)
                .findFirst()
                .orElseThrow(() -> Problem.of(
                        ProblemType.MALFORMED_PARAMETER,
                        "cookie: attribute '" + name + "' is not known; known: " + String.join(", ", KNOWN.keySet())));
        if (!KNOWN.getOrDefault(known, Pattern.compile("")).matcher(value).matches()) {
            throw Problem.of(
                    ProblemType.MALFORMED_PARAMETER,
                    "cookie: value '" + value + "' of " + known
                            + " is not valid; write for example Path=/; Domain=example.com; Max-Age=300; SameSite=Lax; Secure");
        }
        if (given.put(known, value) != null) {
            throw Problem.of(
                    ProblemType.MALFORMED_PARAMETER, "cookie: attribute " + known + " is given twice; give it once");
        }
    }

    /** The value of {@code Set-Cookie} that replaces the cookie by a token's text, or deletes it if nothing is left. */
    String replaceBy(Optional<String> left) {
        return CarriedTokens.NAME + "=" + left.orElse("") + "; " + text + "; Max-Age="
                + (left.isPresent() ? maxAge : "0");
    }
}
