// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.audit;

/** The audit could not be made; nothing was settled. The message says why, and the fix. */
public final class AuditProblem extends Exception {

    AuditProblem(String message) {
        super(message);
    }
}
