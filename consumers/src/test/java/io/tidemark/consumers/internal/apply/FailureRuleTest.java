// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.apply;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.consumers.internal.apply.FailureRule.Blame;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FailureRuleTest {

    /** A connection that only returns whether it is valid. */
    private static Connection connection(boolean isValid) {
        return (Connection) Proxy.newProxyInstance(
                FailureRuleTest.class.getClassLoader(),
                new Class<?>[] {Connection.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "isValid" -> isValid;
                    case "commit", "rollback", "close" -> throw new AssertionError(method.getName() + " got through");
                    default -> null;
                });
    }

    @ParameterizedTest
    @ValueSource(strings = {"53300", "53100", "58030", "25006"})
    void blamesTheDatabaseIfItCannotBeUsed(String state) {
        Exception failure = new IllegalStateException(new SQLException("no", state));

        assertThat(FailureRule.blame(failure, connection(true))).isEqualTo(Blame.DATABASE);
        assertThat(FailureRule.blame(failure, connection(false))).isEqualTo(Blame.DATABASE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"23505", "22001", "25P02", "08006"})
    void blamesTheEventForFailuresOnAValidConnection(String state) {
        assertThat(FailureRule.blame(new SQLException("no", state), connection(true)))
                .isEqualTo(Blame.EVENT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"40001", "40P01", "40003", "55P03", "57014"})
    void doesNotBlameTheEventForFailuresThatOthersCause(String state) {
        SQLException failure = new SQLException("no", state);

        assertThat(FailureRule.blame(failure, connection(true))).isEqualTo(Blame.NOBODY);
        assertThat(FailureRule.blame(new IllegalStateException(failure), connection(true)))
                .as("wrapped by a handler")
                .isEqualTo(Blame.NOBODY);
        assertThat(FailureRule.blame(new SQLException("commit refused", "25P02", failure), connection(true)))
                .as("hidden by a handler, found by the commit")
                .isEqualTo(Blame.NOBODY);
    }

    @Test
    void doesNotBlameTheEventForAnInterrupt() {
        assertThat(FailureRule.blame(new InterruptedException(), connection(true)))
                .isEqualTo(Blame.NOBODY);
        assertThat(FailureRule.blame(new IllegalStateException(new InterruptedException()), connection(true)))
                .isEqualTo(Blame.NOBODY);
    }

    @Test
    void blamesTheJvmForItsErrorsButTheEventForAStackOverflow() {
        assertThat(FailureRule.blame(new OutOfMemoryError(), connection(true))).isEqualTo(Blame.JVM);
        assertThat(FailureRule.blame(new ExecutionException(new OutOfMemoryError()), connection(true)))
                .isEqualTo(Blame.JVM);
        assertThat(FailureRule.blame(new StackOverflowError(), connection(true)))
                .isEqualTo(Blame.EVENT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"57P01", "57P03", "25P03", "08006"})
    void blamesTheSessionIfItEnded(String state) {
        assertThat(FailureRule.blame(new SQLException("no", state), connection(false)))
                .isEqualTo(Blame.SESSION);
        assertThat(FailureRule.blame(new NullPointerException(), connection(false)))
                .isEqualTo(Blame.SESSION);
    }

    @Test
    void rejectsHandlersThatEndTheTransaction() throws Exception {
        Connection guarded = GuardedConnection.around(connection(true));

        assertThatThrownBy(guarded::commit)
                .isInstanceOf(SQLException.class)
                .hasMessageContaining("must not call Connection.commit");
        assertThatThrownBy(guarded::rollback).isInstanceOf(SQLException.class);
        assertThatThrownBy(guarded::close).isInstanceOf(SQLException.class);
        assertThatThrownBy(() -> guarded.setAutoCommit(true)).isInstanceOf(SQLException.class);
        assertThat(guarded.isValid(1)).isTrue();
    }
}
