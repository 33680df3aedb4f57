/**
 * Where publishing stands: the durable position in Kafka, read back at the start of a run; the decision whether and
 * where to start; and the index from LSN to offsets that watermarks are computed from. The index is written by the
 * publishing thread and read by any.
 */
@NullMarked
package io.tidemark.relay.position;

import org.jspecify.annotations.NullMarked;
