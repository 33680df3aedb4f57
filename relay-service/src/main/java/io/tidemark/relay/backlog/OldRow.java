// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.backlog;

import io.tidemark.relay.capture.CapturedEvent;
import java.util.Optional;

/**
 * A row of {@code outbox.backlog}.
 *
 * @param number its place in the order
 * @param event empty when the row is no longer in the outbox
 */
record OldRow(long number, Optional<CapturedEvent> event) {

    int bytes() {
        return event.map(CapturedEvent::approximateBytes).orElse(0);
    }
}
