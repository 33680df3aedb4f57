// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.reason;

import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** Describes a failure in words, from the failed operation to the first cause. */
public final class Reason {

    /** Deeper than this, causes repeat each other. */
    private static final int MOST_CAUSES = 10;

    private Reason() {}

    /**
     * One line: the message of the failure and of each cause that adds information, joined by colons.
     *
     * @return never empty, and never "null"
     */
    public static String of(Throwable failure) {
        List<String> parts = new ArrayList<>();
        @Nullable Throwable cause = failure;
        for (int i = 0; cause != null && i < MOST_CAUSES; cause = cause.getCause(), i++) {
            String words = words(cause);
            boolean isNew = parts.stream().noneMatch(part -> part.contains(words));
            if (isNew && !isWrapper(cause)) {
                parts.add(words.replaceFirst("\\.$", ""));
            }
        }
        return parts.isEmpty() ? words(failure) : String.join(": ", parts);
    }

    /** Whether the exception only wraps its cause: it repeats the cause's text, or has none. */
    private static boolean isWrapper(Throwable failure) {
        Throwable cause = failure.getCause();
        if (cause == null) {
            return false;
        }
        return failure instanceof ExecutionException
                || failure instanceof CompletionException
                || failure.getMessage() == null
                || failure.getMessage().equals(cause.toString());
    }

    private static String words(Throwable failure) {
        String message = failure.getMessage();
        String text =
                message == null ? "" : message.lines().findFirst().orElse("").strip();
        if (failure instanceof NoSuchFileException) { // these two have only a path for a message
            return "it does not exist";
        }
        if (failure instanceof AccessDeniedException) {
            return "access denied";
        }
        if (failure instanceof CharacterCodingException) {
            return "it is not text in UTF-8";
        }
        if (failure instanceof UnknownHostException) {
            return "unknown host " + text;
        }
        if (failure instanceof NoRouteToHostException || failure instanceof ConnectException) {
            return text.isEmpty() ? "connection refused" : lowerFirst(text);
        }
        if (failure instanceof SocketTimeoutException) {
            return text.isEmpty() ? "timed out" : lowerFirst(text);
        }
        return text.isEmpty() ? spelledOut(failure.getClass().getSimpleName()) : withoutLevel(text);
    }

    /** Removes the level that Postgres puts before its message. */
    private static String withoutLevel(String text) {
        return text.replaceFirst("^(FATAL|ERROR): ", "");
    }

    private static String lowerFirst(String text) {
        return text.substring(0, 1).toLowerCase(Locale.ROOT) + text.substring(1);
    }

    /** A {@code TimeoutException} without a message becomes "timeout". */
    private static String spelledOut(String className) {
        String name = className.isEmpty() ? "failure without a message" : className;
        return name.replaceFirst("(?<=.)Exception$", "")
                .replaceAll("(?<=[a-z])(?=[A-Z])", " ")
                .toLowerCase(Locale.ROOT);
    }
}
