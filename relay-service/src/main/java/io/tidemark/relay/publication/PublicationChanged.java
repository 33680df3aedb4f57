// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publication;

/** The stream is not the whole story any more; the message says why and what to do. Halts the relay. */
public final class PublicationChanged extends RuntimeException {

    private static final long serialVersionUID = 1;

    PublicationChanged(PublicationGap gap) {
        super(gap.reason());
    }
}
