package io.tidemark.consumers.watermark;

/** A relay refuses the request for good: malformed, or of a projection that it does not have. Asking again is no use. */
public final class RelayRequestException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final int httpStatus;

    RelayRequestException(int httpStatus, String message) {
        super(message);
        this.httpStatus = httpStatus;
    }

    public int httpStatus() {
        return httpStatus;
    }
}
