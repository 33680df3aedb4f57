// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.http.HttpServletRequest;
import java.lang.reflect.Proxy;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WaitFilterTest {

    /** The default headers of HTTP clients and browsers. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            */*                                             | true
            application/json                                | true
            application/json, text/plain, */*               | true
            text/html, image/gif, *; q=.2, */*; q=.2        | true
            text/html, image/gif, */*; q=0.2                | true
            Application/JSON;q=0.9                          | true
            application/*                                   | true
            text/html                                       | false
            application/json;q=0                            | false
            application/json;q=0.0                          | false
            application/xml                                 | false
            """)
    void takesTheShortWayForWhoeverTakesJson(String accept, boolean isShort) {
        assertThat(WaitFilter.takesJson(accepting(List.of(accept)))).isEqualTo(isShort);
    }

    @ParameterizedTest
    @CsvSource({"text/html, application/json, true", "text/html, text/plain, false"})
    void readsEveryLineOfTheHeader(String first, String second, boolean isShort) {
        assertThat(WaitFilter.takesJson(accepting(List.of(first, second)))).isEqualTo(isShort);
        assertThat(WaitFilter.takesJson(accepting(List.of()))).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "'', /v1/projections/view/watermark",
        "/tidemark, /tidemark/v1/projections/view/watermark",
        "/a/b, /a/b/v1/projections/view/watermark"
    })
    void takesTheShortWayUnderAnyContextPath(String contextPath, String uri) {
        assertThat(WaitFilter.projectionOf(under(contextPath, uri))).contains("view");
    }

    @ParameterizedTest
    @CsvSource({
        "/tidemark, /tidemark/v1/projections/view",
        "'', /tidemark/v1/projections/view/watermark",
        "'', /v1/projections/a/b/watermark"
    })
    void leavesOtherPathsToJersey(String contextPath, String uri) {
        assertThat(WaitFilter.projectionOf(under(contextPath, uri))).isEmpty();
    }

    private static HttpServletRequest under(String contextPath, String uri) {
        return (HttpServletRequest) Proxy.newProxyInstance(
                WaitFilterTest.class.getClassLoader(),
                new Class<?>[] {HttpServletRequest.class},
                (proxy, method, arguments) -> method.getName().equals("getContextPath") ? contextPath : uri);
    }

    private static HttpServletRequest accepting(List<String> lines) {
        return (HttpServletRequest) Proxy.newProxyInstance(
                WaitFilterTest.class.getClassLoader(),
                new Class<?>[] {HttpServletRequest.class},
                (proxy, method, arguments) -> Collections.enumeration(lines));
    }
}
