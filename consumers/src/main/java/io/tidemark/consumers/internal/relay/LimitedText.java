// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.relay;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * The text of a response. Fails, and closes the connection, if it has more than {@value #MAX_BYTES} bytes: whatever sends
 * that is not a relay, and must not take the memory of the application. On the HTTP client's threads.
 */
final class LimitedText implements HttpResponse.BodySubscriber<String> {

    static final int MAX_BYTES = 1024 * 1024;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final CompletableFuture<String> body = new CompletableFuture<>();
    private Flow.@Nullable Subscription subscription;

    @Override
    public CompletionStage<String> getBody() {
        return body;
    }

    @Override
    public void onSubscribe(Flow.Subscription own) {
        subscription = own;
        own.request(Long.MAX_VALUE); // each call delivers at most one read of the socket
    }

    @Override
    public void onNext(List<ByteBuffer> parts) {
        if (body.isDone()) {
            return;
        }
        for (ByteBuffer part : parts) {
            byte[] copy = new byte[part.remaining()];
            part.get(copy);
            bytes.writeBytes(copy);
        }
        if (bytes.size() > MAX_BYTES && subscription != null) {
            subscription.cancel();
            body.completeExceptionally(
                    new IOException("a response of more than " + MAX_BYTES + " bytes; is this a Tidemark relay?"));
        }
    }

    @Override
    public void onError(Throwable failure) {
        body.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
        body.complete(bytes.toString(StandardCharsets.UTF_8));
    }
}
