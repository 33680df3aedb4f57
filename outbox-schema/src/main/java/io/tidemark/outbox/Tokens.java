// SPDX-License-Identifier: Apache-2.0
package io.tidemark.outbox;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/** Reads tokens on the caller's connection, after the commit that they must cover. Stateless. */
public final class Tokens {

    private Tokens() {}

    /**
     * The token for everything this connection has committed. One round trip; on the primary only.
     *
     * <p>With auto-commit off, JDBC opens a new transaction for this call; end it at any time.
     *
     * @throws SQLException with state 25001 when the current transaction has already written: an LSN read before the
     *     commit is below the commit. With state 25006 on a standby.
     */
    public static Token current(Connection connection) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement("select outbox.token()");
                ResultSet result = select.executeQuery()) {
            result.next();
            return Token.parse(result.getString(1));
        }
    }
}
