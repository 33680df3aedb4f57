// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture.engine;

import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.SocketFactory;

/** The relay's waiting sockets, with a count of pgjdbc's peeks of 1 ms. Pgjdbc creates it by name. */
public final class PeekCountingSocketFactory extends SocketFactory {

    /** Peeks of a streaming thread; for one engine at a time. */
    static final AtomicInteger PEEKS = new AtomicInteger();

    private final WaitingSocketFactory.Argument argument;

    /** Called by pgjdbc by reflection, with the {@code socketFactoryArg}. */
    public PeekCountingSocketFactory(String argument) {
        this.argument = WaitingSocketFactory.Argument.parse(argument);
    }

    @Override
    public Socket createSocket() {
        return new WaitingSocketFactory.WaitingSocket(argument.peekMillis(), Taps.find(argument.tapId())) {
            @Override
            public synchronized void setSoTimeout(int millis) throws SocketException {
                super.setSoTimeout(millis);
                if (millis == 1 && SocketGuardsIT.isStreaming(Thread.currentThread())) {
                    PEEKS.incrementAndGet();
                }
            }
        };
    }

    @Override
    public Socket createSocket(String host, int port) {
        throw new UnsupportedOperationException("pgjdbc connects by itself");
    }

    @Override
    public Socket createSocket(InetAddress host, int port) {
        throw new UnsupportedOperationException("pgjdbc connects by itself");
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress localAddress, int localPort) {
        throw new UnsupportedOperationException("pgjdbc connects by itself");
    }

    @Override
    public Socket createSocket(InetAddress host, int port, InetAddress localAddress, int localPort) {
        throw new UnsupportedOperationException("pgjdbc connects by itself");
    }
}
