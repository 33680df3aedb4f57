// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publication;

import io.tidemark.relay.source.SourceNotReady;
import java.sql.SQLException;
import java.util.Optional;

/** The queries of a {@link PublicationWatch}. On the watch's thread, except for {@link #close}. */
interface PublicationEye extends AutoCloseable {

    PublicationLook look() throws SQLException, SourceNotReady;

    /** The problem when a child of the table has rows that are not in the WAL. */
    Optional<PublicationGap> hiddenChild() throws SQLException, SourceNotReady;

    /** The gap that follows from having seen {@code now}, which differs from {@code before}. */
    PublicationGap gap(PublicationState before, PublicationLook now) throws SQLException, SourceNotReady;

    /** Also ends a query that waits for the server. */
    @Override
    void close();
}
