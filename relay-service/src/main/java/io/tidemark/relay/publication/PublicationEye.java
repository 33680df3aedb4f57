// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publication;

import io.tidemark.relay.source.SourceNotReady;
import java.sql.SQLException;
import java.util.Optional;

/** What a {@link PublicationWatch} looks with. On the watch's thread, but for {@link #close}. */
interface PublicationEye extends AutoCloseable {

    PublicationLook look() throws SQLException, SourceNotReady;

    /** What is wrong when a child of the table has rows that the WAL does not have. */
    Optional<PublicationGap> hiddenChild() throws SQLException, SourceNotReady;

    /** What it means that {@code now} was seen, which is not {@code before}. */
    PublicationGap gap(PublicationState before, PublicationLook now) throws SQLException, SourceNotReady;

    /** Ends a look that is waiting for the server. */
    @Override
    void close();
}
