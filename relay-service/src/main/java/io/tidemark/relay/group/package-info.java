/**
 * What Kafka knows of consumer groups: committed offsets and members, asked for only when somebody wants to know; and the
 * state of a group, measured as what it needs against what it has. Works for any group, with no change to its consumers.
 */
@NullMarked
package io.tidemark.relay.group;

import org.jspecify.annotations.NullMarked;
