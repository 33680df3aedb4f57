/**
 * Decides what is next for one assigned partition, from what has arrived and how the last job ended: claim, apply, retry,
 * split, send a dead letter, stop. On the polling thread; no input and output. Promise: the events of a partition are
 * applied in their order, one job at a time.
 */
@NullMarked
package io.tidemark.consumers.internal.partition;

import org.jspecify.annotations.NullMarked;
