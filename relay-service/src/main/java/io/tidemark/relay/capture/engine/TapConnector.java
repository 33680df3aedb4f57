// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture.engine;

import io.debezium.connector.postgresql.PostgresConnector;
import org.apache.kafka.connect.connector.Task;

/** Debezium's Postgres connector with our task. Debezium creates it by class name. */
public final class TapConnector extends PostgresConnector {

    @Override
    public Class<? extends Task> taskClass() {
        return TapTask.class;
    }
}
