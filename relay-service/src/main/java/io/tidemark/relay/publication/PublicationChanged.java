// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publication;

/** The stream may no longer contain every event. The message says why and what to do. Halts the relay. */
public final class PublicationChanged extends RuntimeException {

    private static final long serialVersionUID = 1;

    PublicationChanged(PublicationGap gap) {
        super(gap.reason());
    }
}
