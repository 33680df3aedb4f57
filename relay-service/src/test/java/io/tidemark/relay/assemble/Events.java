// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.assemble;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.capture.CapturedEvent;
import io.tidemark.relay.capture.Change;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Inputs for the tests of this package. */
final class Events {

    private Events() {}

    static CapturedEvent event(String id) {
        return event(id, 10);
    }

    static CapturedEvent event(String id, int payloadBytes) {
        byte[] payload = "x".repeat(payloadBytes).getBytes(StandardCharsets.UTF_8);
        return new CapturedEvent(id, "order", "order-1", "OrderPlaced", payload, null, null, null, null, 0);
    }

    static Change commit(String lsn) {
        return new Change.Commit(Lsn.parse(lsn), 0);
    }

    static Change barrier(String lsn) {
        return new Change.Barrier(Lsn.parse(lsn));
    }

    static List<String> ids(TransactionEvents events) {
        List<String> ids = new ArrayList<>();
        events.iterator().forEachRemaining(event -> ids.add(event.id()));
        return ids;
    }
}
