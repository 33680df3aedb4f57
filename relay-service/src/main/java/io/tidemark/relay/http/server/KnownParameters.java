// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http.server;

import io.tidemark.relay.http.response.Problem;
import io.tidemark.relay.http.response.ProblemType;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.ResourceInfo;
import jakarta.ws.rs.core.Context;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Rejects a query parameter that the resource does not declare, or that is given twice. Otherwise a misspelled
 * {@code token} would be answered as a different question. On Jetty's threads.
 */
public final class KnownParameters implements ContainerRequestFilter {

    private static final int MOST_CHARS = 64;

    @Context
    private @Nullable ResourceInfo resource;

    @Override
    public void filter(ContainerRequestContext request) {
        if (resource == null || resource.getResourceMethod() == null) {
            return; // no resource: the answer is 404
        }
        List<String> known = knownTo(resource.getResourceMethod());
        for (Map.Entry<String, List<String>> given :
                request.getUriInfo().getQueryParameters().entrySet()) {
            if (!known.contains(given.getKey())) {
                throw Problem.of(
                        ProblemType.UNKNOWN_PARAMETER,
                        "query parameter '" + shortened(given.getKey()) + "' is not known here; "
                                + (known.isEmpty() ? "there are none" : "known: " + String.join(", ", known)));
            }
            if (given.getValue().size() > 1) {
                throw Problem.of(
                        ProblemType.UNKNOWN_PARAMETER,
                        "query parameter '" + given.getKey() + "' is given "
                                + given.getValue().size() + " times; give it once");
            }
        }
    }

    private static List<String> knownTo(Method method) {
        List<String> names = new ArrayList<>();
        for (Parameter parameter : method.getParameters()) {
            QueryParam query = parameter.getAnnotation(QueryParam.class);
            if (query != null) {
                names.add(query.value());
            }
        }
        return names;
    }

    private static String shortened(String name) {
        return name.length() > MOST_CHARS ? name.substring(0, MOST_CHARS) + "…" : name;
    }
}
