// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.group;

import java.util.Locale;

/** The state of a group: what it needs compared with what it has committed. */
public enum GroupState {
    /** The group has everything, or has not been behind for long. */
    RUNNING,
    /** The group has been behind for long, but moves. */
    LAGGING,
    /** The group is behind and has members, and a partition has not moved for long. */
    STALLED,
    /** The group is behind and has no members, and nothing moves. */
    STOPPED,
    /** The group is behind, and its offsets went back or it has noted that it is rebuilding its projection. */
    REBUILDING,
    /** Nothing is known of the group, or its topics are no longer the ones that were published to. */
    UNKNOWN;

    /** The name in JSON. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
