// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http.response;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.io.AbstractEndPoint;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.server.ConnectionMetaData;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;

/**
 * Ends the wait of a client that closes its connection. Jetty does not read from an HTTP/1.1 connection while an answer
 * is pending (jetty.project#824), so it would notice only when it writes the answer. The watch therefore reads from the
 * connection meanwhile. If the client sends more data, the watch hands it back to Jetty and ends. A client that closes
 * only its half of the connection counts as gone, as with nginx. A watch starts on the request's thread, is notified on
 * Jetty's threads, and must end before the answer is written.
 */
final class ClientWatch implements Callback {

    /** With HTTP/2, several requests share a connection. Some proxies (nginx) ask with HTTP/1.0. */
    private static final Set<HttpVersion> ONE_REQUEST_AT_A_TIME = Set.of(HttpVersion.HTTP_1_0, HttpVersion.HTTP_1_1);

    private final AbstractEndPoint endPoint;
    private final Connection.UpgradeTo connection;
    private final CompletableFuture<?> asked;
    private boolean isOver;

    private ClientWatch(AbstractEndPoint endPoint, Connection.UpgradeTo connection, CompletableFuture<?> asked) {
        this.endPoint = endPoint;
        this.connection = connection;
        this.asked = asked;
    }

    /**
     * Cancels {@code asked} if the client closes the connection before the answer.
     *
     * @param request must have been read completely, or be left unread
     * @return to run before the answer is written; does nothing if there is nothing to watch
     */
    static Runnable begin(HttpServletRequest request, CompletableFuture<?> asked) {
        ConnectionMetaData client =
                ServletContextRequest.getServletContextRequest(request).getConnectionMetaData();
        if (asked.isDone()
                || !ONE_REQUEST_AT_A_TIME.contains(client.getHttpVersion())
                || !(client.getConnection() instanceof Connection.UpgradeTo connection)
                || !(client.getConnection().getEndPoint() instanceof AbstractEndPoint endPoint)) {
            return () -> {};
        }
        ClientWatch watch = new ClientWatch(endPoint, connection, asked);
        watch.watch();
        return watch::end;
    }

    private synchronized void watch() {
        if (!isOver && !endPoint.tryFillInterested(this)) {
            isOver = true;
        }
    }

    /** After this, only Jetty uses the connection. */
    private synchronized void end() {
        if (!isOver) {
            isOver = true;
            endPoint.getFillInterest().onFail(new IOException("the wait is over"));
        }
    }

    /** The connection has data, or has ended. */
    @Override
    public void succeeded() {
        if (isGone()) {
            asked.cancel(false);
        } else {
            watch();
        }
    }

    private synchronized boolean isGone() {
        if (isOver) {
            return false;
        }
        ByteBuffer one = BufferUtil.allocate(1);
        int read;
        try {
            read = endPoint.fill(one);
        } catch (IOException e) { // connection reset
            read = -1;
        }
        isOver = read != 0;
        if (read > 0) {
            connection.onUpgradeTo(one);
        }
        return read < 0;
    }

    @Override
    public void failed(Throwable cause) {
        end();
        if (!endPoint.isOpen()) {
            asked.cancel(false);
        }
    }

    @Override
    public InvocationType getInvocationType() {
        return InvocationType.NON_BLOCKING;
    }
}
