// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a client of the older description of an API would stumble over in the newer one: the rules of {@code
 * docs/api-stability.md}. Additions are compatible, except of values that a client may have to handle.
 */
final class OpenApiChanges {

    private final JsonNode before;
    private final JsonNode after;
    private final List<String> found = new ArrayList<>();
    /** Schemas refer to each other. */
    private final Set<String> compared = new HashSet<>();

    private OpenApiChanges(JsonNode before, JsonNode after) {
        this.before = before;
        this.after = after;
    }

    static List<String> incompatible(JsonNode before, JsonNode after) {
        OpenApiChanges changes = new OpenApiChanges(before, after);
        before.path("paths")
                .properties()
                .forEach(path -> path.getValue()
                        .properties()
                        .forEach(method -> changes.operation(
                                method.getKey() + " " + path.getKey(),
                                method.getValue(),
                                after.path("paths").path(path.getKey()).path(method.getKey()))));
        return List.copyOf(changes.found);
    }

    private void operation(String where, JsonNode old, JsonNode now) {
        if (now.isMissingNode()) {
            found.add(where + ": removed");
            return;
        }
        for (JsonNode parameter : old.path("parameters")) {
            String name = parameter.path("name").asText();
            Optional<JsonNode> same = parameter(now, name);
            if (same.isEmpty()) {
                found.add(where + ": parameter " + name + " removed");
            } else {
                input(where + " " + name, parameter.path("schema"), same.get().path("schema"));
            }
        }
        for (JsonNode parameter : now.path("parameters")) {
            String name = parameter.path("name").asText();
            boolean wasRequired = parameter(old, name)
                    .filter(one -> one.path("required").asBoolean())
                    .isPresent();
            if (parameter.path("required").asBoolean() && !wasRequired) {
                found.add(where + ": parameter " + name + " is required now");
            }
        }
        if (old.has("requestBody")) {
            JsonNode schema = json(old.path("requestBody"));
            input(where + " body", schema, json(now.path("requestBody")));
        }
        for (Map.Entry<String, JsonNode> response : old.path("responses").properties()) {
            String at = where + " " + response.getKey();
            JsonNode same = now.path("responses").path(response.getKey());
            if (same.isMissingNode()) {
                found.add(at + ": status removed");
                continue;
            }
            for (Map.Entry<String, JsonNode> content :
                    resolved(before, response.getValue()).path("content").properties()) {
                JsonNode media = resolved(after, same).path("content").path(content.getKey());
                if (media.isMissingNode()) {
                    found.add(at + ": " + content.getKey() + " removed");
                } else {
                    output(at, content.getValue().path("schema"), media.path("schema"));
                }
            }
        }
    }

    private static JsonNode json(JsonNode body) {
        return body.path("content").path("application/json").path("schema");
    }

    private static Optional<JsonNode> parameter(JsonNode operation, String name) {
        for (JsonNode parameter : operation.path("parameters")) {
            if (parameter.path("name").asText().equals(name)) {
                return Optional.of(parameter);
            }
        }
        return Optional.empty();
    }

    /** What a client sends: what was accepted must still be. */
    private void input(String where, JsonNode oldRef, JsonNode nowRef) {
        JsonNode old = resolved(before, oldRef);
        JsonNode now = resolved(after, nowRef);
        same(where, "type", old, now);
        if (old.has("default")) {
            same(where, "default", old, now);
        }
        if (now.has("enum")) {
            old.path("enum").forEach(value -> {
                if (!values(now).contains(value)) {
                    found.add(where + ": value " + value.asText() + " removed");
                }
            });
        }
        old.path("properties").properties().forEach(property -> {
            JsonNode same = now.path("properties").path(property.getKey());
            if (same.isMissingNode()) {
                found.add(where + ": field " + property.getKey() + " removed");
            } else {
                input(where + "." + property.getKey(), property.getValue(), same);
            }
        });
        names(now).forEach(name -> {
            if (!names(old).contains(name)) {
                found.add(where + ": field " + name + " is required now");
            }
        });
    }

    /** What a client receives: what was there must still be there, and mean the same. */
    private void output(String where, JsonNode oldRef, JsonNode nowRef) {
        if (oldRef.has("$ref") && !compared.add(oldRef.path("$ref").asText() + nowRef.path("$ref"))) {
            return;
        }
        JsonNode old = resolved(before, oldRef);
        JsonNode now = resolved(after, nowRef);
        String at = oldRef.has("$ref") ? oldRef.path("$ref").asText().replaceFirst(".*/", "") : where;
        same(at, "type", old, now);
        for (JsonNode value : values(now)) {
            if (old.has("enum") && !values(old).contains(value)) {
                found.add(at + ": value " + value.asText() + " added");
            }
        }
        old.path("properties").properties().forEach(property -> {
            JsonNode same = now.path("properties").path(property.getKey());
            if (same.isMissingNode()) {
                found.add(at + ": field " + property.getKey() + " removed");
            } else {
                output(at + "." + property.getKey(), property.getValue(), same);
            }
        });
        names(old).forEach(name -> {
            if (!names(now).contains(name)) {
                found.add(at + ": field " + name + " is optional now");
            }
        });
        if (old.has("items")) {
            output(at + "[]", old.path("items"), now.path("items"));
        }
        for (String of : List.of("oneOf", "allOf")) {
            for (int i = 0; i < old.path(of).size(); i++) {
                output(at, old.path(of).path(i), now.path(of).path(i));
            }
        }
    }

    private void same(String where, String key, JsonNode old, JsonNode now) {
        if (!old.path(key).equals(now.path(key))) {
            found.add(where + ": " + key + " changed from " + old.path(key) + " to " + now.path(key));
        }
    }

    private static List<JsonNode> values(JsonNode schema) {
        List<JsonNode> values = new ArrayList<>();
        schema.path("enum").forEach(values::add);
        return values;
    }

    private static Set<String> names(JsonNode schema) {
        Set<String> names = new HashSet<>();
        schema.path("required").forEach(name -> names.add(name.asText()));
        return names;
    }

    static JsonNode resolved(JsonNode file, JsonNode node) {
        return node.has("$ref") ? file.at(node.path("$ref").asText().substring(1)) : node;
    }
}
