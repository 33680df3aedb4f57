// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.simulation;

/** Mistakes that a relay can make. The simulation must find every one of them. */
enum Bug {
    NONE,
    POSITION_READ_BEFORE_INIT,
    SLOT_CONFIRMED_BEFORE_COMMIT,
    READ_UNCOMMITTED,
    NO_FILTER,
    ROW_LSN_FOR_COMMIT_LSN,
    LOG_END_AS_WATERMARK,
    RANDOM_TRANSACTIONAL_ID,
    EMPTY_PARTITION_IGNORED,
    PUBLICATION_NOT_COMPARED,
    DIGEST_OUTSIDE_TRANSACTION,
    CLEANUP_WITHOUT_AUDIT,
    CLEANUP_RIGHT_AFTER_ADOPT
}
