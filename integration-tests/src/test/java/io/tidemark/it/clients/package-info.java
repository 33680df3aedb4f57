/** The clients in other languages ({@code clients/}): their own tests, and what they get from a real relay. */
@NullMarked
package io.tidemark.it.clients;

import org.jspecify.annotations.NullMarked;
