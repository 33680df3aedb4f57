/** Each guarantee of the contract as a class: given what was committed and what can be read, it holds or it throws. */
@NullMarked
package io.tidemark.it.guarantee;

import org.jspecify.annotations.NullMarked;
