/**
 * How far consumer groups have come: their committed offsets, asked of Kafka when somebody wants to know and never in
 * between. Works for any group in any language, with no change to its consumers.
 */
@NullMarked
package io.tidemark.relay.progress;

import org.jspecify.annotations.NullMarked;
