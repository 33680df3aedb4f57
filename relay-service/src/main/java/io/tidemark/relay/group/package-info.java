/**
 * What Kafka knows of consumer groups: committed offsets and members, requested only when needed. Also the state of a
 * group: what it needs compared with what it has committed. Works for any group, with no change to its consumers.
 */
@NullMarked
package io.tidemark.relay.group;

import org.jspecify.annotations.NullMarked;
