/**
 * How tokens are written outside the process: plain, or sealed with a secret, so that their holders can neither read nor
 * forge them. The relay and the readers' clients use the same form. Clients in other languages have the same
 * construction; {@code clients/conformance/seals.json} holds all of them to it. Safe on any thread.
 */
@NullMarked
package io.tidemark.outbox.seal;

import org.jspecify.annotations.NullMarked;
