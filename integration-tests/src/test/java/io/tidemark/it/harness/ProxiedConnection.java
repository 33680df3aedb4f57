// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import io.tidemark.it.harness.TcpProxy.Direction;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * A connection through a {@link TcpProxy}: two sockets, and a thread for each direction. The end or failure of one side
 * reaches the other side only in the direction of the bytes.
 */
final class ProxiedConnection {

    private static final int BUFFER_BYTES = 1 << 16;

    private final Socket client;
    private final Socket server = new Socket();
    private final int targetPort;
    private final LinkFaults faults;
    private final Consumer<ProxiedConnection> whenOver;
    private final AtomicInteger flowing = new AtomicInteger(2);
    private boolean connecting = true;
    /** A reset was requested while it was connecting; then a close would not send a reset. */
    private boolean resetServerSide;

    private volatile boolean over;

    ProxiedConnection(Socket client, int targetPort, LinkFaults faults, Consumer<ProxiedConnection> whenOver) {
        this.client = client;
        this.targetPort = targetPort;
        this.faults = faults;
        this.whenOver = whenOver;
    }

    void start() {
        daemon("connect", this::connect);
    }

    private void connect() {
        try {
            faults.awaitPassage(Direction.TO_SERVER, () -> over);
            client.setTcpNoDelay(true);
            server.setTcpNoDelay(true);
            server.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), targetPort));
        } catch (IOException e) { // no listener, or already reset
            over = true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            over = true;
        }
        connected();
        if (over) {
            reset();
            return;
        }
        daemon("to-client", () -> flow(Direction.TO_CLIENT, server, client));
        flow(Direction.TO_SERVER, client, server);
    }

    private synchronized void connected() {
        connecting = false;
        if (resetServerSide) {
            resetQuietly(server);
        }
    }

    private void daemon(String name, Runnable body) {
        Thread thread = new Thread(body, "proxy-" + client.getLocalPort() + "-" + name);
        thread.setDaemon(true);
        thread.start();
    }

    private void flow(Direction direction, Socket from, Socket to) {
        try {
            if (pump(direction, from, to)) {
                faults.awaitPassage(direction, () -> over);
                to.shutdownOutput();
                if (flowing.decrementAndGet() == 0) {
                    end();
                }
            } else {
                reset();
            }
        } catch (IOException e) { // already gone
            reset();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            reset();
        }
    }

    /** Returns true at the end of the stream, false if the connection must be reset. */
    private boolean pump(Direction direction, Socket from, Socket to) throws InterruptedException {
        byte[] buffer = new byte[BUFFER_BYTES];
        while (true) {
            int read;
            try {
                read = from.getInputStream().read(buffer);
            } catch (IOException e) { // reset by the sender: the receiver learns of it in this direction
                faults.awaitPassage(direction, () -> over);
                return false;
            }
            if (read < 0) {
                return true;
            }
            faults.awaitPassage(direction, () -> over);
            try {
                int taken = faults.take(direction, read);
                to.getOutputStream().write(buffer, 0, taken);
                if (taken < read) {
                    return false;
                }
            } catch (IOException e) { // the receiver is gone: the sender learns of it in the other direction
                faults.awaitPassage(direction.opposite(), () -> over);
                return false;
            }
        }
    }

    synchronized void reset() {
        over = true;
        faults.wake();
        resetQuietly(client);
        resetServerSide();
        whenOver.accept(this);
    }

    synchronized void resetServerSide() {
        resetServerSide = true;
        if (!connecting) {
            resetQuietly(server);
        }
    }

    private synchronized void end() throws IOException {
        client.close();
        server.close();
        whenOver.accept(this);
    }

    /** With a linger time of 0, close sends RST and drops unsent data. */
    private static void resetQuietly(Socket socket) {
        try {
            if (socket.isConnected() && !socket.isClosed()) {
                socket.setSoLinger(true, 0);
            }
            socket.close();
        } catch (IOException e) {
            throw new IllegalStateException("an open socket can be reset", e);
        }
    }
}
