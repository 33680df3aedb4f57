// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http.response;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.io.AbstractEndPoint;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.server.ConnectionMetaData;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;

/**
 * Ends the wait of a client that goes away. Jetty does not read from an HTTP/1.1 connection while it owes an answer on it
 * (jetty.project#824), and so would not notice before it writes one. Here its connection is read from meanwhile; what a
 * client sends ahead is handed back, and ends the watch. A client that closes but its half of the connection counts as
 * gone, as with nginx. A watch begins on the request's thread, is told on Jetty's, and must be over before the answer is
 * given.
 */
final class ClientWatch implements Callback {

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
     * Cancels what was asked when the client goes away before it is answered.
     *
     * @param request all of which has been read
     * @return what to run before the answer is given; does nothing where there is nothing to watch
     */
    static Runnable begin(HttpServletRequest request, CompletableFuture<?> asked) {
        ConnectionMetaData client =
                ServletContextRequest.getServletContextRequest(request).getConnectionMetaData();
        if (asked.isDone()
                || client.getHttpVersion() != HttpVersion.HTTP_1_1 // several requests share a connection of HTTP/2
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

    /** After it, the connection is Jetty's alone. */
    private synchronized void end() {
        if (!isOver) {
            isOver = true;
            endPoint.getFillInterest().onFail(new IOException("the wait is over"));
        }
    }

    /** There is something to read, if only the end. */
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
        } catch (IOException e) { // reset
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
