/**
 * Keeps this replica's index up with {@code tidemark.index}, whoever is active, on a thread of its own; and says when
 * answers from it are sound: while one database session lasts on which the run that published was seen to hold the lock.
 */
@NullMarked
package io.tidemark.relay.follow;

import org.jspecify.annotations.NullMarked;
