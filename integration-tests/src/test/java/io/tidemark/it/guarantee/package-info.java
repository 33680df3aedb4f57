/** Each guarantee of the contract is a class. It compares committed with readable events, and throws on a violation. */
@NullMarked
package io.tidemark.it.guarantee;

import org.jspecify.annotations.NullMarked;
