/**
 * The chart, linted and rendered as Helm does it, and held against Kubernetes' API model, the restricted Pod Security
 * Standard and the relay's own configuration reader. No cluster.
 */
@NullMarked
package io.tidemark.helm;

import org.jspecify.annotations.NullMarked;
