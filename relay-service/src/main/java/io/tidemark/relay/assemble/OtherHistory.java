// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.assemble;

import io.tidemark.relay.position.ResumePoint;

/** The stream is not the one that was published so far. Publishing must stop until a person has acted. */
public final class OtherHistory extends RuntimeException {

    private static final long serialVersionUID = 1;

    OtherHistory(String evidence, ResumePoint resumePoint) {
        super("the WAL does not contain what was published up to " + resumePoint.lsn() + " (" + evidence
                + "): this is not the database's history that was published, but an older copy that was restored and has"
                + " gone on by itself since");
    }
}
