/**
 * What a projection is: its handler, which is given events and a connection inside the transaction that also advances its
 * progress, what happens when an event cannot be applied, and what its runner tells. Values; safe on any thread.
 */
@NullMarked
package io.tidemark.consumers.projection;

import org.jspecify.annotations.NullMarked;
