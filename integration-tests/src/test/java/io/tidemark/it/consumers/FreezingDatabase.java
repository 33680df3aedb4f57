// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.consumers;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** A database whose first commit returns late, as in a process that is frozen meanwhile. */
final class FreezingDatabase {

    private FreezingDatabase() {}

    static DataSource afterItsFirstCommit(DataSource database, CountDownLatch isCommitted, CountDownLatch mayContinue) {
        return proxy(DataSource.class, database, (name, result) -> {
            if (!(result instanceof Connection connection)) {
                return result;
            }
            return proxy(Connection.class, connection, (method, ignored) -> {
                if (method.equals("commit") && isCommitted.getCount() > 0) {
                    isCommitted.countDown();
                    if (!mayContinue.await(60, TimeUnit.SECONDS)) {
                        throw new IllegalStateException("the test did not release this commit");
                    }
                }
                return ignored;
            });
        });
    }

    private interface After {
        @Nullable
        Object call(String method, @Nullable Object result) throws Exception;
    }

    private static <T> T proxy(Class<T> type, T target, After after) {
        return type.cast(Proxy.newProxyInstance(
                FreezingDatabase.class.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                    try {
                        return after.call(method.getName(), method.invoke(target, arguments));
                    } catch (InvocationTargetException e) {
                        throw e.getCause() == null ? e : e.getCause();
                    }
                }));
    }
}
