// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * One link to a server on loopback, with the faults of a network. Each fault affects all connections of the link, open
 * and future ones, until {@link #heal}. For any thread.
 */
public final class TcpProxy implements AutoCloseable {

    /** The direction of bytes. */
    public enum Direction {
        TO_SERVER,
        TO_CLIENT;

        Direction opposite() {
            return this == TO_SERVER ? TO_CLIENT : TO_SERVER;
        }
    }

    private volatile int targetPort;
    private final int port;
    private final LinkFaults faults = new LinkFaults();
    private final Set<ProxiedConnection> connections = ConcurrentHashMap.newKeySet();
    private @Nullable ServerSocket listener;
    private @Nullable Thread accepting;

    private TcpProxy(int targetPort, int port) {
        this.targetPort = targetPort;
        this.port = port;
    }

    /** Listens on a free port of 127.0.0.1 and forwards to another port. The server need not listen yet. */
    public static TcpProxy to(int targetPort) {
        ServerSocket listener = listen(0);
        TcpProxy proxy = new TcpProxy(targetPort, listener.getLocalPort());
        proxy.startAccepting(listener);
        return proxy;
    }

    private static ServerSocket listen(int port) {
        try {
            ServerSocket socket = new ServerSocket();
            socket.setReuseAddress(true); // connections from before a refusal may still use the port
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return socket;
        } catch (IOException e) {
            throw new UncheckedIOException("the proxy cannot listen on port " + port, e);
        }
    }

    private void startAccepting(ServerSocket from) {
        listener = from;
        accepting = new Thread(() -> accept(from), "proxy-" + port);
        accepting.setDaemon(true);
        accepting.start();
    }

    private void accept(ServerSocket from) {
        while (true) {
            Socket client;
            try {
                client = from.accept();
            } catch (IOException e) {
                return; // refusing now, or closed
            }
            ProxiedConnection connection = new ProxiedConnection(client, targetPort, faults, connections::remove);
            connections.add(connection);
            connection.start();
        }
    }

    public int port() {
        return port;
    }

    /** {@code 127.0.0.1:port}. */
    public String address() {
        return "127.0.0.1:" + port;
    }

    /** Number of connections that are open on at least one side. */
    public int connections() {
        return connections.size();
    }

    /** Number of bytes in this direction since the creation of the proxy. */
    public long bytes(Direction direction) {
        return faults.passed(direction);
    }

    /**
     * Connects to another server from now on, as after a change of a DNS name or of a virtual IP address. Open
     * connections stay.
     */
    public void leadTo(int otherPort) {
        targetPort = otherPort;
    }

    /** Delays bytes in this direction by this time, or up to twice the time if they arrive in many pieces. */
    public void delay(Direction direction, long millis) {
        faults.delay(direction, millis);
    }

    /**
     * Delivers nothing in these directions, not even the end of a connection, like a cut cable. As with a real cable,
     * data that TCP has accepted arrives after {@link #heal}, if the connection is still open then.
     */
    public void blackhole(Direction... directions) {
        for (Direction direction : directions) {
            faults.blackhole(direction);
        }
    }

    /** After this number of bytes in this direction, resets the connection that carries the last of them. Once. */
    public void cutAfter(Direction direction, long bytes) {
        faults.cutAfter(direction, bytes);
    }

    /** Refuses new connections, as without a listener. Open connections stay. */
    public synchronized void refuse() {
        if (listener == null || accepting == null) {
            return;
        }
        try {
            listener.close();
            accepting.join(); // the kernel accepts connections as long as the call lasts
            listener = null;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Resets both sides of every open connection (RST). */
    public void reset() {
        connections.forEach(ProxiedConnection::reset);
    }

    /**
     * Resets only the server side, as when its keepalives have not been answered for long enough. On loopback the
     * kernel answers keepalives despite {@link #blackhole}.
     */
    public void resetServerSide() {
        connections.forEach(ProxiedConnection::resetServerSide);
    }

    /** Ends all faults immediately, including a cut that has not happened yet. */
    public synchronized void heal() {
        faults.heal();
        if (listener == null) {
            startAccepting(listen(port));
        }
    }

    /** Ends every connection and its threads. */
    @Override
    public void close() {
        refuse();
        faults.heal();
        reset();
    }
}
