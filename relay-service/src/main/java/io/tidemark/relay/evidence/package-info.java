/**
 * What the offsets of a group prove: compared with the index and with the bounds of the logs, and since when. Never
 * counts a record as consumed that the offsets do not show. Used by the watermark thread alone, except where noted.
 */
@NullMarked
package io.tidemark.relay.evidence;

import org.jspecify.annotations.NullMarked;
