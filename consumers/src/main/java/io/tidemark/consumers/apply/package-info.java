/**
 * Does what is to be done with a partition's events: one job in one transaction of the projection's database, which also
 * advances its progress, or one dead letter. On worker threads. Promise: each outcome says what is committed, and that an
 * event is refused only when the event is to blame.
 *
 * <p>For the runner, not for users.
 */
@NullMarked
package io.tidemark.consumers.apply;

import org.jspecify.annotations.NullMarked;
