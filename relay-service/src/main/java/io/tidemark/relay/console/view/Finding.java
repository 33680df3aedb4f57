// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.console.view;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.regex.Pattern;

/**
 * Something that a person should look at.
 *
 * @param text what is wrong, in a sentence
 * @param runbook page and anchor below the runbooks
 * @param command to paste; the page runs nothing
 */
record Finding(Level level, String text, String runbook, String command) {

    private static final Pattern CONDITION = Pattern.compile("^(inactive|lagging|stalled|unaccounted): ");

    /** Without the condition of {@code tidemark status}, which a longer sentence does not need. */
    String sentence() {
        return CONDITION.matcher(text).replaceFirst("");
    }

    ObjectNode json() {
        return JsonNodeFactory.instance
                .objectNode()
                .put("level", level.word())
                .put("text", text)
                .put("runbook", runbook)
                .put("command", command);
    }
}
