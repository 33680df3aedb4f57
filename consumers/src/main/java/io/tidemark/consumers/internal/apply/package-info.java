/**
 * Does one job of a partition in one transaction of the projection's database, which also advances its progress, or
 * sends one dead letter. On worker threads. Promise: each outcome states what is committed, and an event is refused
 * only if the event is to blame.
 */
@NullMarked
package io.tidemark.consumers.internal.apply;

import org.jspecify.annotations.NullMarked;
