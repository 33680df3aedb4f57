/**
 * What all replicas say, and what follows from it for a person: one sentence, the findings, and the step that holds
 * events up. Asks the other replicas over HTTP, at most once at a time, and only while somebody looks.
 */
@NullMarked
package io.tidemark.relay.console.view;

import org.jspecify.annotations.NullMarked;
