// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.config.file;

import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import io.tidemark.relay.config.ConfigurationProblem;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.commons.text.StringSubstitutor;

/**
 * Reads YAML as a tree in which each value is the text in the file: {@code 012345} stays a password, and becomes a
 * number only where a number is needed. Variables are replaced after parsing, so that their values cannot be YAML.
 */
final class ConfigurationTree {

    /** A variable in the syntax of commons-text; with one more dollar sign in front it is not replaced. */
    private static final Pattern VARIABLE = Pattern.compile("\\$?\\$\\{[^}]*}");

    /**
     * Placeholders for the variables while the file is parsed: from a private area of Unicode, valid anywhere in YAML.
     */
    private static final char FIRST = '\uE100';

    private static final char LAST = '\uF8FF';
    /** Makes a placeholder as long as its variable, so that the position of an error is right. */
    private static final char PADDING = '\uE000';

    private static final Pattern PLACEHOLDER = Pattern.compile("([" + FIRST + "-" + LAST + "])" + PADDING + "+");

    private final List<String> variables = new ArrayList<>();
    private final StringSubstitutor environment;

    private ConfigurationTree(Map<String, String> environment) {
        this.environment = new StringSubstitutor(environment)
                .setEnableUndefinedVariableException(true)
                .setDisableSubstitutionInValues(true);
    }

    /**
     * Reads the whole file.
     *
     * @throws ConfigurationProblem if it is empty, repeats a key, or has aliases or a second document
     * @throws IOException if it is not YAML
     */
    static JsonNode read(String yaml, Map<String, String> environment) throws IOException {
        return new ConfigurationTree(environment).parse(yaml);
    }

    private JsonNode parse(String yaml) throws IOException {
        try (YAMLParser parser = new YAMLFactory().createParser(withPlaceholders(yaml))) {
            JsonToken first = parser.nextToken();
            if (first == null || first == JsonToken.VALUE_NULL) {
                throw new ConfigurationProblem("it is empty; postgres and kafka.bootstrapServers are needed");
            }
            JsonNode file = node(parser, "");
            if (parser.nextToken() != null) {
                throw new ConfigurationProblem(
                        "it goes on after its first YAML document, and nothing of that would be read; remove the line ---");
            }
            return file;
        }
    }

    private String withPlaceholders(String yaml) {
        Matcher variable = VARIABLE.matcher(yaml);
        return variable.replaceAll(found -> {
            char placeholder = (char) (FIRST + variables.size());
            if (placeholder > LAST) {
                throw new ConfigurationProblem("it has more than " + (LAST - FIRST) + " variables");
            }
            variables.add(found.group());
            return placeholder + String.valueOf(PADDING).repeat(found.group().length() - 1);
        });
    }

    /** @param path of the value from the top of the file */
    private JsonNode node(YAMLParser parser, String path) throws IOException {
        JsonToken token = parser.currentToken();
        if (token == JsonToken.START_OBJECT) {
            return object(parser, path);
        }
        if (token == JsonToken.START_ARRAY) {
            ArrayNode list = JsonNodeFactory.instance.arrayNode();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                list.add(node(parser, path + "[" + list.size() + "]"));
            }
            return list;
        }
        if (parser.isCurrentAlias()) { // Jackson would give the name of the anchor as the value
            throw new ConfigurationProblem(
                    path + " is an alias (*" + parser.getText() + "), which is not supported; write the value itself");
        }
        return token == JsonToken.VALUE_NULL ? NullNode.getInstance() : scalar(parser.getText());
    }

    private ObjectNode object(YAMLParser parser, String path) throws IOException {
        ObjectNode block = JsonNodeFactory.instance.objectNode();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = replaceVariables(parser.currentName());
            String keyPath = path.isEmpty() ? key : path + "." + key;
            parser.nextToken();
            if (block.has(key)) {
                throw new ConfigurationProblem("key " + keyPath + " appears twice; keep one of them");
            }
            block.set(key, node(parser, keyPath));
        }
        return block;
    }

    /** A value that consists only of empty variables counts as absent. */
    private JsonNode scalar(String text) {
        String value = replaceVariables(text);
        return value.isEmpty() && !text.isEmpty() ? NullNode.getInstance() : TextNode.valueOf(value);
    }

    private String replaceVariables(String text) {
        return PLACEHOLDER
                .matcher(text)
                .replaceAll(placeholder -> Matcher.quoteReplacement(
                        environment.replace(variables.get(placeholder.group(1).charAt(0) - FIRST))));
    }
}
