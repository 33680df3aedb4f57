// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.config.file;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import io.dropwizard.configuration.ConfigurationValidationException;
import io.dropwizard.util.DataSize;
import io.dropwizard.util.Duration;
import io.tidemark.relay.config.ConfigurationProblem;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.commons.text.similarity.LevenshteinDistance;
import org.jspecify.annotations.Nullable;

/**
 * Describes what the libraries rejected in the file: one sentence, in the words of the file and never of Java. Quotes
 * keys, not lines, because a line may hold a password.
 */
final class ConfigurationMistake {

    /** The message of commons-text, which replaces the variables, for a variable without a value. */
    private static final Pattern UNSET = Pattern.compile("Cannot resolve variable '([^']+)'");

    private static final LevenshteinDistance DISTANCE = LevenshteinDistance.getDefaultInstance();

    private ConfigurationMistake() {}

    static String explain(Throwable failure) {
        for (@Nullable Throwable cause = failure; cause != null; cause = cause.getCause()) {
            Optional<String> sentence = sentence(cause);
            if (sentence.isPresent()) {
                return sentence.get();
            }
        }
        Matcher unset = UNSET.matcher(String.valueOf(failure.getMessage()));
        if (unset.find()) {
            return "the environment variable " + unset.group(1) + " is not set; set it, or give a default: ${"
                    + unset.group(1) + ":-default}";
        }
        return "it cannot be read (" + firstLine(failure) + ")";
    }

    private static Optional<String> sentence(Throwable cause) {
        if (cause instanceof ConfigurationProblem) {
            return Optional.of(String.valueOf(cause.getMessage()));
        }
        if (cause instanceof ConfigurationValidationException invalid) {
            return Optional.of(invalid.getErrors().stream().sorted().collect(Collectors.joining("; ")));
        }
        if (cause instanceof UnrecognizedPropertyException unknown) {
            return Optional.of(unknownKey(unknown));
        }
        if (cause instanceof JsonMappingException refused && refused.getCause() instanceof ConfigurationProblem) {
            return Optional.empty(); // one of our classes has a better message
        }
        if (cause instanceof ValueInstantiationException refused) {
            return Optional.of(wrongValue(refused, "", refused.getType().getRawClass()));
        }
        if (cause instanceof InvalidFormatException wrong && wrong.getValue() instanceof String text) {
            if (text.matches("-?[0-9]{10,}")) {
                return Optional.of(path(wrong) + " is too large; 2147483647 is the most");
            }
            return Optional.of(wrongValue(wrong, text, wrong.getTargetType()));
        }
        if (cause instanceof MismatchedInputException wrong) {
            return Optional.of(wrongValue(wrong, "", wrong.getTargetType()));
        }
        if (cause instanceof JsonMappingException wrong) {
            return Optional.of(wrongValue(wrong, "", null));
        }
        return cause instanceof JsonProcessingException malformed
                ? Optional.of(malformed(malformed))
                : Optional.empty();
    }

    private static String unknownKey(UnrecognizedPropertyException unknown) {
        return unknownKey(
                path(unknown),
                unknown.getPropertyName(),
                unknown.getKnownPropertyIds().stream().map(String::valueOf).toList());
    }

    /** @param path of the key from the top of the file, the key included */
    static String unknownKey(String path, String key, Collection<String> knownKeys) {
        List<String> known = knownKeys.stream()
                .sorted(Comparator.comparing((String candidate) -> DISTANCE.apply(key, candidate))
                        .thenComparing(Comparator.naturalOrder()))
                .toList();
        String message = "unknown key " + path;
        if (known.isEmpty()) {
            return message + "; remove it";
        }
        if (DISTANCE.apply(key, known.get(0)) <= Math.max(2, key.length() / 2)) {
            return message + "; did you mean " + known.get(0) + "?";
        }
        return message + "; known here are " + known.stream().sorted().collect(Collectors.joining(", "));
    }

    private static String wrongValue(JsonMappingException wrong, String value, @Nullable Class<?> expected) {
        String path = path(wrong);
        String what = path.isEmpty() ? "the file" : path;
        return value.isEmpty()
                ? what + " must be " + expected(expected)
                : what + " is '" + value + "', but must be " + expected(expected);
    }

    private static String expected(@Nullable Class<?> type) {
        if (type == null) {
            return "a value that can stand here";
        }
        if (type == Duration.class) {
            return "a duration: a whole number and its unit, for example 500ms, 30s or 5m";
        }
        if (type == DataSize.class) {
            return "a size: a whole number and its unit, for example 512KiB or 64MiB";
        }
        if (type == Integer.class || type == int.class || type == Long.class || type == long.class) {
            return "a whole number";
        }
        if (type == Boolean.class || type == boolean.class) {
            return "true or false";
        }
        if (type == String.class) {
            return "a single text";
        }
        if (type.isEnum()) {
            return "one of "
                    + Arrays.stream(type.getEnumConstants())
                            .map(constant -> String.valueOf(constant)
                                    .toLowerCase(Locale.ROOT)
                                    .replace('_', '-'))
                            .collect(Collectors.joining(", "));
        }
        if (Collection.class.isAssignableFrom(type)) {
            return "a list, for example [a, b]";
        }
        boolean hasKeys = Map.class.isAssignableFrom(type) || type.getName().startsWith("io.tidemark.");
        return hasKeys ? "a block of keys with their values" : "a value that can stand here";
    }

    private static String malformed(JsonProcessingException malformed) {
        String place = malformed.getLocation() == null
                ? ""
                : " at line " + malformed.getLocation().getLineNr() + ", column "
                        + malformed.getLocation().getColumnNr();
        return "no valid YAML" + place + "; look for a missing quote, bracket or space, or a wrong indentation there";
    }

    private static String path(JsonMappingException failure) {
        StringBuilder path = new StringBuilder();
        for (JsonMappingException.Reference step : failure.getPath()) {
            if (step.getFieldName() == null) {
                path.append('[').append(step.getIndex()).append(']');
            } else {
                path.append(path.isEmpty() ? "" : ".").append(step.getFieldName());
            }
        }
        return path.toString();
    }

    private static String firstLine(Throwable failure) {
        String message = String.valueOf(failure.getMessage()).strip();
        return message.lines().findFirst().orElse(message);
    }
}
