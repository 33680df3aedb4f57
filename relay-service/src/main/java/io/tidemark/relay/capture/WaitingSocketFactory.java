package io.tidemark.relay.capture;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import javax.net.SocketFactory;

/**
 * Makes pgjdbc's non-blocking {@code readPending()} wait for the first byte instead of returning at once: on a
 * replication connection it peeks with a socket timeout of 1 ms, and on these sockets 1 ms means {@code peekMillis}. An
 * idle stream then costs almost nothing, and a change is seen the moment it arrives. Made by pgjdbc by name
 * ({@code socketFactory}, {@code socketFactoryArg}).
 */
public final class WaitingSocketFactory extends SocketFactory {

    /** The timeout pgjdbc peeks with ({@code QueryExecutorImpl}/{@code VisibleBufferedInputStream}), milliseconds. */
    private static final int PGJDBC_PEEK_MILLIS = 1;

    private final int peekMillis;

    /** Called by pgjdbc by reflection, with the {@code socketFactoryArg}. */
    public WaitingSocketFactory(String peekMillis) {
        this.peekMillis = Integer.parseInt(peekMillis);
    }

    @Override
    public Socket createSocket() {
        return new WaitingSocket(peekMillis);
    }

    @Override
    public Socket createSocket(String host, int port) throws IOException {
        Socket socket = createSocket();
        socket.connect(new InetSocketAddress(host, port));
        return socket;
    }

    @Override
    public Socket createSocket(InetAddress host, int port) throws IOException {
        Socket socket = createSocket();
        socket.connect(new InetSocketAddress(host, port));
        return socket;
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress localAddress, int localPort) throws IOException {
        return createSocket(host, port);
    }

    @Override
    public Socket createSocket(InetAddress host, int port, InetAddress localAddress, int localPort) throws IOException {
        return createSocket(host, port);
    }

    /** Open to the test that guards how pgjdbc peeks. */
    static class WaitingSocket extends Socket {

        private final int peekMillis;
        private int current = -1;

        WaitingSocket(int peekMillis) {
            this.peekMillis = peekMillis;
        }

        @Override
        public synchronized void setSoTimeout(int millis) throws SocketException {
            int timeout = millis == PGJDBC_PEEK_MILLIS ? peekMillis : millis;
            if (timeout != current) { // saves two system calls a message
                super.setSoTimeout(timeout);
                current = timeout;
            }
        }
    }
}
