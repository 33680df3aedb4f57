// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.stack;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/** Ports on loopback without a listener at the time of the check. */
public final class FreePorts {

    private static final int LOWEST = 20_000;
    /** Lowest port of outgoing connections on Linux; other systems use higher ones. */
    private static final int END = 32_768;

    private static final int ATTEMPTS = 1_000;
    private static final Set<Integer> GIVEN = ConcurrentHashMap.newKeySet();

    private FreePorts() {}

    /** The given port if it is free, otherwise any free port. */
    public static int preferring(int port) {
        return isFree(port) ? port : next();
    }

    /** Rejects a port with a listener: our server would not start, and clients would reach the other one. */
    static void requireFree(String server, int port) {
        if (!isFree(port)) {
            throw new StackException("port " + port + " is in use, so " + server + " cannot listen on it; stop the"
                    + " program that uses it, or choose another port");
        }
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return socket.isBound();
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * A different port at each call in this process. Below the range of outgoing connections, which could otherwise
     * take the port before a server listens on it.
     */
    public static int next() {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            int port = ThreadLocalRandom.current().nextInt(LOWEST, END);
            if (isFree(port) && GIVEN.add(port)) {
                return port;
            }
        }
        throw new StackException(
                "found no free port between " + LOWEST + " and " + END + " on loopback; stop programs that use them");
    }
}
