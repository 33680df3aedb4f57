// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.console.view;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * Something that a person should look at.
 *
 * @param text what is wrong, in a sentence
 * @param runbook page and anchor below the runbooks
 * @param command to paste; the page runs nothing
 */
record Finding(Level level, String text, String runbook, String command) {

    ObjectNode json() {
        return JsonNodeFactory.instance
                .objectNode()
                .put("level", level.word())
                .put("text", text)
                .put("runbook", runbook)
                .put("command", command);
    }
}
