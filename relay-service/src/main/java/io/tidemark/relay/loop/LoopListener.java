// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.loop;

import io.tidemark.relay.capture.CaptureFailed;
import io.tidemark.relay.publish.PublishFailure;
import java.sql.SQLException;

/** Follows one run's publishing loop. Called on the run's thread. */
public interface LoopListener {

    /** The stream has passed the resume point: its history is the published one. Called once. */
    void anchored();

    /**
     * A Kafka transaction was committed, the index has advanced, and the slot is confirmed.
     *
     * @param events number of events, including dead letters
     * @param oldestCommitMillis when the first of its Postgres transactions was committed; 0 if it has none
     */
    void published(int events, int deadLetters, long oldestCommitMillis);

    /**
     * Called at every turn, also without traffic.
     *
     * @return whether to continue
     */
    boolean turned() throws PublishFailure, CaptureFailed, SQLException, InterruptedException;
}
