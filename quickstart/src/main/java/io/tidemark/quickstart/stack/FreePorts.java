package io.tidemark.quickstart.stack;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;

/** Ports on loopback that nobody listened on a moment ago. */
public final class FreePorts {

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

    public static int next() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
