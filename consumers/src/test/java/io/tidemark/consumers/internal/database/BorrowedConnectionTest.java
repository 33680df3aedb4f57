// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BorrowedConnectionTest {

    private final List<String> calls = new ArrayList<>();
    private boolean autoCommit;
    private boolean isBroken;

    private DataSource pool(boolean comesWithAutoCommit) {
        autoCommit = comesWithAutoCommit;
        Connection connection = proxy(Connection.class, (name, argument) -> {
            calls.add(argument == null ? name : name + " " + argument);
            if (isBroken && (name.equals("rollback") || name.equals("setAutoCommit"))) {
                throw new SQLException("the session is gone");
            }
            if (name.equals("setAutoCommit")) {
                autoCommit = Boolean.TRUE.equals(argument);
            }
            return switch (name) {
                case "getAutoCommit" -> autoCommit;
                case "isClosed" -> false;
                default -> null;
            };
        });
        return proxy(DataSource.class, (name, argument) -> connection);
    }

    private interface Call {
        @Nullable
        Object of(String name, @Nullable Object argument) throws SQLException;
    }

    private static <T> T proxy(Class<T> type, Call call) {
        return type.cast(Proxy.newProxyInstance(
                BorrowedConnectionTest.class.getClassLoader(),
                new Class<?>[] {type},
                (proxy, method, arguments) ->
                        call.of(method.getName(), arguments == null || arguments.length != 1 ? null : arguments[0])));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void isReturnedWithoutATransactionAndInItsOriginalMode(boolean comesWithAutoCommit) throws Exception {
        DataSource pool = pool(comesWithAutoCommit);

        try (BorrowedConnection borrowed = BorrowedConnection.inTransaction(pool)) {
            assertThat(borrowed.connection().getAutoCommit()).isFalse();
        }
        assertThat(autoCommit).isEqualTo(comesWithAutoCommit);
        assertThat(calls).contains("rollback").endsWith("close");

        try (BorrowedConnection borrowed = BorrowedConnection.autoCommitting(pool)) {
            assertThat(borrowed.connection().getAutoCommit()).isTrue();
        }
        assertThat(autoCommit).isEqualTo(comesWithAutoCommit);
    }

    @Test
    void doesNotCommitATransactionThatAnotherUserLeftOpen() throws Exception {
        BorrowedConnection.autoCommitting(pool(false)).close();

        assertThat(calls).containsSubsequence("rollback", "setAutoCommit true");
    }

    @Test
    void isEndedIfItCannotBeReturnedInItsOriginalState() throws Exception {
        BorrowedConnection borrowed = BorrowedConnection.inTransaction(pool(true));
        isBroken = true;

        borrowed.close(); // the outcome of the work is already decided and must not change
        assertThat(calls.subList(calls.size() - 2, calls.size()))
                .allSatisfy(call -> assertThat(call).matches("abort.*|close"));
    }
}
