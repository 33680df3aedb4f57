// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture.engine;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import javax.net.SocketFactory;

/**
 * Makes pgjdbc's non-blocking {@code readPending()} wait for the first byte instead of returning at once. On a
 * replication connection pgjdbc peeks with a socket timeout of 1 ms; on these sockets 1 ms means {@code peekMillis}. An
 * idle stream then costs almost nothing, and a change is seen as soon as it arrives. Informs the tap about received
 * bytes. pgjdbc creates it by name ({@code socketFactory}, {@code socketFactoryArg}).
 */
public final class WaitingSocketFactory extends SocketFactory {

    /**
     * The timeout that pgjdbc peeks with ({@code QueryExecutorImpl}/{@code VisibleBufferedInputStream}), in
     * milliseconds.
     */
    private static final int PGJDBC_PEEK_MILLIS = 1;

    private final Argument argument;

    /** pgjdbc calls it by reflection, with the {@code socketFactoryArg}. */
    public WaitingSocketFactory(String argument) {
        this.argument = Argument.parse(argument);
    }

    /**
     * The factory's settings, from its single string argument.
     *
     * @param peekMillis how long a peek waits
     * @param tapId the tap to inform about everything that is read
     */
    record Argument(int peekMillis, String tapId) {

        static Argument parse(String text) {
            int space = text.indexOf(' ');
            return new Argument(Integer.parseInt(text.substring(0, space)), text.substring(space + 1));
        }

        @Override
        public String toString() {
            return peekMillis + " " + tapId;
        }
    }

    @Override
    public Socket createSocket() {
        return new WaitingSocket(argument.peekMillis(), Taps.find(argument.tapId()));
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

    /** Visible for the test that guards how pgjdbc peeks. */
    static class WaitingSocket extends Socket {

        private final int peekMillis;
        private final Tap tap;
        private int current = -1;
        /** False on Debezium's other connection, which checks every few seconds whether the connection is alive. */
        private volatile boolean isStream;

        WaitingSocket(int peekMillis, Tap tap) {
            this.peekMillis = peekMillis;
            this.tap = tap;
        }

        @Override
        public InputStream getInputStream() throws IOException {
            return new FilterInputStream(super.getInputStream()) {
                @Override
                public int read(byte[] bytes, int offset, int length) throws IOException {
                    int read = super.read(bytes, offset, length);
                    if (isStream) {
                        tap.heard();
                    }
                    return read;
                }
            };
        }

        @Override
        public synchronized void setSoTimeout(int millis) throws SocketException {
            isStream |= millis == PGJDBC_PEEK_MILLIS;
            int timeout = millis == PGJDBC_PEEK_MILLIS ? peekMillis : millis;
            if (timeout != current) { // saves two system calls per message
                super.setSoTimeout(timeout);
                current = timeout;
            }
        }
    }
}
