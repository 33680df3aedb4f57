/**
 * Reads that are never stale: {@link io.tidemark.consumers.watermark.WatermarkClient} asks a relay whether a projection
 * has caught up with a token, {@link io.tidemark.consumers.watermark.ReadGate} checks it in the very snapshot of the
 * projection's database in which the query runs. On the caller's thread. Promise: nothing says "caught up" by guess.
 */
@NullMarked
package io.tidemark.consumers.watermark;

import org.jspecify.annotations.NullMarked;
