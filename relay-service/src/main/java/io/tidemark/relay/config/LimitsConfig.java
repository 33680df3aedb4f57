// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.config;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.dropwizard.util.DataSize;
import org.jspecify.annotations.Nullable;

/**
 * Limits of memory.
 *
 * @param transactionBytes maximum size of a Postgres transaction in memory; a larger one is kept in a file until its
 *     commit, and published in several Kafka transactions
 * @param batchEvents a Kafka transaction is closed once it holds this number of events
 * @param spillDirectory directory of those files; the JVM's temporary directory by default
 */
public record LimitsConfig(DataSize transactionBytes, int batchEvents, String spillDirectory) {

    static final LimitsConfig DEFAULT = new LimitsConfig(null, (Integer) null, null);

    @JsonCreator
    public LimitsConfig(
            @Nullable DataSize transactionBytes, @Nullable Integer batchEvents, @Nullable String spillDirectory) {
        this(
                Checks.between(
                        "limits.transactionBytes",
                        transactionBytes,
                        DataSize.mebibytes(64),
                        DataSize.kibibytes(64),
                        DataSize.gibibytes(1)),
                Checks.atLeastOne("limits.batchEvents", batchEvents, 10_000),
                spillDirectory == null ? System.getProperty("java.io.tmpdir") : spillDirectory);
    }
}
