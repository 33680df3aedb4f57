/**
 * Everything a user of the library imports. {@link io.tidemark.consumers.ProjectionRunner} applies each event exactly
 * once to a {@link io.tidemark.consumers.Projection}; {@link io.tidemark.consumers.WatermarkClient} and {@link
 * io.tidemark.consumers.ReadGate} prevent stale reads; {@link io.tidemark.consumers.Inbox} is for effects outside the
 * database.
 *
 * <p>This is one package, because a user needs types of several steps in one class, and their number is small. Only the
 * filters for web frameworks are in {@link io.tidemark.consumers.web}: they need an API that other users do not have.
 * Everything below {@code internal} may change in any release; no public signature here uses a type of it.
 *
 * <p>The entry points are {@code ProjectionRunner}, {@code ProjectionTables}, {@code WatermarkClient}, {@code ReadGate}
 * and {@code Inbox}. They use {@code internal}; the other types are values and callbacks, which {@code internal} uses.
 */
@NullMarked
package io.tidemark.consumers;

import org.jspecify.annotations.NullMarked;
