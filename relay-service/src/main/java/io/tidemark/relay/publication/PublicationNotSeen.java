// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publication;

/**
 * The database could not be asked whether the publication is unchanged. Nothing is confirmed, and a new run asks again.
 */
public final class PublicationNotSeen extends RuntimeException {

    private static final long serialVersionUID = 1;

    PublicationNotSeen(String message, Throwable cause) {
        super(message, cause);
    }
}
