/**
 * Decides the next job of one assigned partition, from its pending events and the outcome of the last job: claim,
 * apply, retry, split, send a dead letter, stop. On the polling thread; no input or output. Promise: the events of a
 * partition are applied in order, one job at a time.
 */
@NullMarked
package io.tidemark.consumers.internal.partition;

import org.jspecify.annotations.NullMarked;
