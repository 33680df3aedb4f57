/**
 * Lints and renders the chart with Helm, and checks the result against Kubernetes' API model, the restricted Pod
 * Security Standard and the relay's configuration reader. Without a cluster.
 */
@NullMarked
package io.tidemark.helm;

import org.jspecify.annotations.NullMarked;
