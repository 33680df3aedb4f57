/** Tests on real servers: what users are promised, and what the design rests on. */
@NullMarked
package io.tidemark.it;

import org.jspecify.annotations.NullMarked;
