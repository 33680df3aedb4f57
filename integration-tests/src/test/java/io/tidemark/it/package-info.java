/** Tests on real servers, of the guarantees for users and of the assumptions of the design. */
@NullMarked
package io.tidemark.it;

import org.jspecify.annotations.NullMarked;
