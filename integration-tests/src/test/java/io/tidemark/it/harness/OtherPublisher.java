// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import io.tidemark.outbox.OwnTopics;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.publish.TransactionalPublisher;
import java.util.Map;

/**
 * A producer of the same source as the relay's, as a relay of another copy of the database is. Any relay or command
 * that takes the source over ends it.
 */
public final class OtherPublisher implements AutoCloseable {

    private static final String KEY = "of-another-publisher";

    private final TransactionalPublisher publisher;

    public OtherPublisher(TestSource source) throws Exception {
        publisher = new TransactionalPublisher(
                source.configuration().kafka(), TransactionalPublisher.transactionalId(source.sourceId()), false);
        publisher.initialize();
    }

    /** Commits a Kafka transaction. */
    public void commit() throws PublishFailure {
        publisher.begin();
        publisher.commit(OwnTopics.POSITIONS, Map.of(KEY, new byte[0]));
    }

    @Override
    public void close() {
        publisher.close();
    }
}
