// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.config;

/** In which form an event's attributes become Kafka headers. */
public enum HeaderStyle {
    /** {@code id}, {@code type}, {@code content-type}, {@code tidemark-source}, {@code tidemark-position}. */
    TIDEMARK,
    /** The Kafka protocol binding of CloudEvents 1.0.2, binary mode, beside {@code tidemark-position}. */
    CLOUDEVENTS,
    /** What Debezium's outbox event router writes by default: {@code id}, beside {@code tidemark-position}. */
    DEBEZIUM
}
