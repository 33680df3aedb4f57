// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers;

/**
 * All relays refuse the request with the same HTTP status, and a retry would not help: the request is malformed, names
 * a projection that no relay has, or has no valid bearer token.
 */
public final class RelayRequestException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final int httpStatus;

    /** @param httpStatus 4xx, as the relay has answered */
    public RelayRequestException(int httpStatus, String message) {
        super(message);
        this.httpStatus = httpStatus;
    }

    /** The status of the relay's response, 4xx. */
    public int httpStatus() {
        return httpStatus;
    }
}
