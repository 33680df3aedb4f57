// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publication;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.OutboxConfig;
import io.tidemark.relay.source.SlotState;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.SourceNotReady;
import io.tidemark.relay.source.SourceStatus;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Looks over one session, which the first look opens and which is never reopened: a watch whose session is lost
 * confirms nothing more.
 */
final class SessionEye implements PublicationEye {

    private static final int TIMEOUT_MILLIS = 10_000;

    private final SourceDatabase database;
    private final OutboxConfig outbox;
    private final PublicationReader reader;
    private volatile @Nullable Connection session;
    private volatile boolean isClosed;

    SessionEye(SourceDatabase database, OutboxConfig outbox) {
        this.database = database;
        this.outbox = outbox;
        this.reader = new PublicationReader(database.config(), outbox);
    }

    private Connection session() throws SQLException, SourceNotReady {
        Connection open = session;
        if (open == null) {
            open = database.connect("publication");
            open.setNetworkTimeout(Runnable::run, TIMEOUT_MILLIS);
            session = open;
            if (isClosed) { // closed during the call
                close();
            }
        }
        return open;
    }

    @Override
    public PublicationLook look() throws SQLException, SourceNotReady {
        return reader.look(session());
    }

    @Override
    public Optional<PublicationGap> hiddenChild() throws SQLException, SourceNotReady {
        String child = reader.hiddenChild(session());
        if (child == null) {
            return Optional.empty();
        }
        SourceStatus now = database.status(session());
        return Optional.of(PublicationGap.hidden(child, outbox.table(), confirmed(now), now.walHead()));
    }

    @Override
    public PublicationGap gap(PublicationState before, PublicationLook now) throws SQLException, SourceNotReady {
        SourceStatus status = database.status(session());
        return now instanceof PublicationLook.Seen seen
                ? PublicationGap.between(before, seen.state(), confirmed(status), status.walHead())
                        .orElseThrow(() -> new IllegalStateException("nothing was changed"))
                : PublicationGap.missing(reason(now), confirmed(status), status.walHead());
    }

    private static String reason(PublicationLook now) {
        return now instanceof PublicationLook.Missing missing ? missing.reason() : "the publication cannot be seen";
    }

    private static Lsn confirmed(SourceStatus status) {
        return status.slot().map(SlotState::confirmed).orElse(Lsn.ZERO);
    }

    @Override
    public void close() {
        isClosed = true;
        Connection open = session;
        if (open != null) {
            try {
                open.abort(Runnable::run);
            } catch (SQLException e) {
                throw new IllegalStateException("a connection cannot be ended", e);
            }
        }
    }
}
