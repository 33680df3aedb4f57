// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.apply;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The connection that a handler receives. It cannot end the transaction, because an effect that is committed without
 * the progress would be applied again. {@code unwrap} returns the driver's connection, for COPY; with it the handler
 * must not end the transaction either.
 */
final class GuardedConnection implements InvocationHandler {

    private static final Set<String> REFUSED =
            Set.of("commit", "close", "abort", "setAutoCommit", "setTransactionIsolation", "setReadOnly");

    private final Connection connection;

    private GuardedConnection(Connection connection) {
        this.connection = connection;
    }

    static Connection around(Connection connection) {
        return (Connection) Proxy.newProxyInstance(
                GuardedConnection.class.getClassLoader(),
                new Class<?>[] {Connection.class},
                new GuardedConnection(connection));
    }

    @Override
    public @Nullable Object invoke(Object proxy, Method method, @Nullable Object @Nullable [] arguments)
            throws Throwable {
        boolean isWholeRollback = method.getName().equals("rollback") && method.getParameterCount() == 0;
        if (isWholeRollback || REFUSED.contains(method.getName())) {
            throw new SQLException("a handler must not call Connection." + method.getName()
                    + ": its effects are committed together with the projection's progress; throw an exception to roll"
                    + " back, or use a savepoint to undo a part");
        }
        try {
            return method.invoke(connection, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause() == null ? e : e.getCause();
        }
    }
}
