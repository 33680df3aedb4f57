/**
 * Everything about {@code tidemark.index}: its entries, their writer and reader, the index from LSN to offsets that
 * watermarks are computed from, and the follower that keeps it current on every replica, on its own thread. Answers are
 * sound while one database session lasts on which the publishing run was seen to hold the lock. Losing entries costs
 * precision, never soundness.
 */
@NullMarked
package io.tidemark.relay.index;

import org.jspecify.annotations.NullMarked;
