package io.tidemark.consumers;

/** A relay refuses the request, and would refuse it again: it is malformed, or names a projection the relay does not have. */
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
