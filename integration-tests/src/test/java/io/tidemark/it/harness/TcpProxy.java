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
 * One link to a server on loopback, with the faults a network has. Each acts on all connections of the link, those that
 * are open and those to come, until {@link #heal}. For any thread.
 */
public final class TcpProxy implements AutoCloseable {

    /** Which way bytes go. */
    public enum Direction {
        TO_SERVER,
        TO_CLIENT;

        Direction opposite() {
            return this == TO_SERVER ? TO_CLIENT : TO_SERVER;
        }
    }

    private final int targetPort;
    private final int port;
    private final LinkFaults faults = new LinkFaults();
    private final Set<ProxiedConnection> connections = ConcurrentHashMap.newKeySet();
    private @Nullable ServerSocket listener;
    private @Nullable Thread accepting;

    private TcpProxy(int targetPort, int port) {
        this.targetPort = targetPort;
        this.port = port;
    }

    /** Listens on a free port of 127.0.0.1 and forwards to another one, where a server need not listen yet. */
    public static TcpProxy to(int targetPort) {
        ServerSocket listener = listen(0);
        TcpProxy proxy = new TcpProxy(targetPort, listener.getLocalPort());
        proxy.startAccepting(listener);
        return proxy;
    }

    private static ServerSocket listen(int port) {
        try {
            ServerSocket socket = new ServerSocket();
            socket.setReuseAddress(true); // connections from before a refusal may still have the port
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
                return; // refusing from now on, or closed
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

    /** Connections that are open, on one side at least. */
    public int connections() {
        return connections.size();
    }

    /** How many bytes have gone this way since the proxy was made. */
    public long bytes(Direction direction) {
        return faults.passed(direction);
    }

    /** What goes this way arrives so much later; once or twice as late when it comes in many pieces. */
    public void delay(Direction direction, long millis) {
        faults.delay(direction, millis);
    }

    /**
     * Nothing arrives any more that goes these ways, not even the end of a connection; as if the cable were cut. As with
     * a real cable, what TCP has taken arrives after {@link #heal}, if the connection is still wanted then.
     */
    public void blackhole(Direction... directions) {
        for (Direction direction : directions) {
            faults.blackhole(direction);
        }
    }

    /** After so many more bytes this way, the connection that carries the last of them is reset, in mid-message. Once. */
    public void cutAfter(Direction direction, long bytes) {
        faults.cutAfter(direction, bytes);
    }

    /** New connections are refused, as when nobody listens; those that are open stay. */
    public synchronized void refuse() {
        if (listener == null || accepting == null) {
            return;
        }
        try {
            listener.close();
            accepting.join(); // the kernel goes on accepting as long as its call lasts
            listener = null;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Both sides of every open connection see a reset (RST). */
    public void reset() {
        connections.forEach(ProxiedConnection::reset);
    }

    /**
     * Only the server sees a reset: as when its keepalives have gone unanswered for long enough. On loopback the kernel
     * answers them whatever {@link #blackhole} does.
     */
    public void resetServerSide() {
        connections.forEach(ProxiedConnection::resetServerSide);
    }

    /** Everything passes again, at once; also a cut that has not come yet is off. */
    public synchronized void heal() {
        faults.heal();
        if (listener == null) {
            startAccepting(listen(port));
        }
    }

    /** Ends every connection, and with them their threads. */
    @Override
    public void close() {
        refuse();
        faults.heal();
        reset();
    }
}
