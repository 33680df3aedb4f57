// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.group;

import java.util.Locale;

/** How a group is doing, measured as what it needs against what it has committed. */
public enum GroupState {
    /** It has everything, or has not been behind for long. */
    RUNNING,
    /** Behind for long, but moving. */
    LAGGING,
    /** Behind, with members, and a partition has not moved for long. */
    STALLED,
    /** Behind, without members, and nothing moves. */
    STOPPED,
    /** Its offsets went back, or it says that it builds its projection anew, and it is behind. */
    REBUILDING,
    /** Nothing is known of it, or its topics are not those that were published to. */
    UNKNOWN;

    /** As it stands in JSON. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
