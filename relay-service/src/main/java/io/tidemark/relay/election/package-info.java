/**
 * Which replica captures: whoever holds a session advisory lock in the source database. Only a hint that keeps replicas
 * out of each other's way; what makes a late one harmless is its fenced producer.
 */
@NullMarked
package io.tidemark.relay.election;

import org.jspecify.annotations.NullMarked;
