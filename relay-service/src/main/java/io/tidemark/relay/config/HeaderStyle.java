// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.config;

/** The form in which an event's attributes become Kafka headers. */
public enum HeaderStyle {
    /** {@code id}, {@code type}, {@code content-type}, {@code tidemark-source}, {@code tidemark-position}. */
    TIDEMARK,
    /** The Kafka protocol binding of CloudEvents 1.0.2, in binary mode, and {@code tidemark-position}. */
    CLOUDEVENTS,
    /** The default of Debezium's outbox event router: {@code id}; and {@code tidemark-position}. */
    DEBEZIUM
}
