// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.tidemark.relay.http.response.ResponseWriter;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.core.MultivaluedHashMap;
import jakarta.ws.rs.core.MultivaluedMap;
import jakarta.ws.rs.core.UriInfo;
import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequestFilterTest {

    private static final String WATERMARK = "/v1/projections/{name}/watermark";
    private static final String WAIT = "/v1/wait";

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final RequestFilter filter = new RequestFilter(registry, List.of("view"));

    /** A stub of an interface of which only these methods are called. */
    private static <T> T stub(Class<T> type, Map<String, Object> answers) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, method, args) -> {
            Object answer = answers.get(method.getName());
            return answer instanceof Map<?, ?> byArgument && args != null ? byArgument.get(args[0]) : answer;
        }));
    }

    private void answer(String route, long waitMillis, int status, @Nullable String json) throws Exception {
        MultivaluedMap<String, String> query = new MultivaluedHashMap<>(Map.of("token", "t"));
        MultivaluedMap<String, String> path = new MultivaluedHashMap<>(Map.of("name", "view"));
        UriInfo uri = stub(UriInfo.class, Map.of("getQueryParameters", query, "getPathParameters", path));
        Map<String, Object> properties = Map.of(
                "tidemark.began", System.nanoTime(), "tidemark.route", route, ResponseWriter.WAIT_MILLIS, waitMillis);
        Map<String, Object> answered = new HashMap<>(Map.of("getStatus", status));
        if (json != null) {
            JsonNode entity = new ObjectMapper().readTree(json.replace('\'', '"'));
            answered.put("getEntity", entity);
        }
        filter.filter(
                stub(ContainerRequestContext.class, Map.of("getProperty", properties, "getUriInfo", uri)),
                stub(ContainerResponseContext.class, answered));
    }

    /** By projection and outcome, without zeros. */
    private Map<String, Integer> waits() {
        Map<String, Integer> counted = new TreeMap<>();
        registry.scrape(name -> name.equals("tidemark_wait_requests"))
                .forEach(metric -> ((CounterSnapshot) metric).getDataPoints().forEach(point -> {
                    if (point.getValue() > 0) {
                        counted.put(
                                point.getLabels().get("projection") + " "
                                        + point.getLabels().get("outcome"),
                                (int) point.getValue());
                    }
                }));
        return counted;
    }

    @ParameterizedTest
    @CsvSource({
        "500, 200, success, view success",
        "500, 200, timeout, view timeout",
        "0,   200, timeout, view not_yet",
        "500, 412, stopped, view stopped",
        "500, 429, '',      view too_many",
        "500, 503, '',      view unavailable",
        "500, 499, '',      view gone"
    })
    void countsAWaitByItsAnswer(long waitMillis, int status, String answered, String counted) throws Exception {
        answer(WATERMARK, waitMillis, status, answered.isEmpty() ? null : "{'status': '" + answered + "'}");

        assertThat(waits()).containsExactly(Map.entry(counted, 1));
    }

    @Test
    void aMalformedQuestionDoesNotWait() throws Exception {
        answer(WATERMARK, 0, 400, null);
        answer(WAIT, 0, 400, null);

        assertThat(waits()).isEmpty();
    }

    @Test
    void countsEachProjectionOfABarrier() throws Exception {
        String one = "'projections': [{'projection': 'view', 'status': 'success'},"
                + " {'projection': 'search', 'status': 'timeout'}]}";

        answer(WAIT, 500, 200, "{'status': 'timeout', " + one);
        assertThat(waits()).containsExactly(Map.entry("search timeout", 1), Map.entry("view success", 1));
        answer(WAIT, 500, 200, "{'status': 'success', " + one); // mode any
        assertThat(waits()).contains(Map.entry("search timeout", 1), Map.entry("search not_yet", 1));
        answer(WAIT, 0, 200, "{'status': 'timeout', " + one);
        assertThat(waits()).contains(Map.entry("search timeout", 1), Map.entry("search not_yet", 2));
        answer(WAIT, 500, 499, null);
        assertThat(waits()).contains(Map.entry("several gone", 1));
    }
}
