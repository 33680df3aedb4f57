package io.tidemark.quickstart.stack;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/** Ports on loopback that nobody listened on a moment ago. */
public final class FreePorts {

    private static final int LOWEST = 20_000;
    /** Where Linux' outgoing connections begin; those of others lie higher. */
    private static final int END = 32_768;

    private static final int ATTEMPTS = 1_000;
    private static final Set<Integer> GIVEN = ConcurrentHashMap.newKeySet();

    private FreePorts() {}

    /** The given port when it is free, else any. */
    public static int preferring(int port) {
        return isFree(port) ? port : next();
    }

    /** Refuses a port that somebody listens on: our server would not start, and another be taken for it. */
    static void requireFree(String server, int port) {
        if (!isFree(port)) {
            throw new StackException("port " + port + " is taken, so " + server + " cannot listen there; stop what"
                    + " listens on it, or choose another port");
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
     * Another one at each call in this process. Below those that systems give to outgoing connections, one of which
     * would else take it before a server listens there.
     */
    public static int next() {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            int port = ThreadLocalRandom.current().nextInt(LOWEST, END);
            if (isFree(port) && GIVEN.add(port)) {
                return port;
            }
        }
        throw new StackException(
                "found no free port between " + LOWEST + " and " + END + " on loopback; stop what listens there");
    }
}
