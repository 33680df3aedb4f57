// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import io.tidemark.quickstart.stack.PostgresServer;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * An address that connects ordinary sessions to one server and replication streams to another, as a name or a virtual
 * address may during a failover. It distinguishes them by their startup packet, so TLS must be off.
 */
public final class TwoServersBehindOneName implements AutoCloseable {

    private final ServerSocket listener;
    private final int sqlPort;
    private final int streamPort;
    private final List<Socket> open = new CopyOnWriteArrayList<>();

    public TwoServersBehindOneName(PostgresServer forSql, PostgresServer forStreams) throws IOException {
        listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        sqlPort = forSql.port();
        streamPort = forStreams.port();
        inThread(this::accept);
    }

    public int port() {
        return listener.getLocalPort();
    }

    private void accept() throws IOException {
        while (true) {
            Socket client = listener.accept();
            open.add(client);
            inThread(() -> connect(client));
        }
    }

    private void connect(Socket client) throws IOException {
        DataInputStream in = new DataInputStream(client.getInputStream());
        int length = in.readInt();
        byte[] startup = in.readNBytes(length - Integer.BYTES);
        boolean isStream = new String(startup, StandardCharsets.ISO_8859_1).contains("replication");
        Socket server = new Socket(InetAddress.getLoopbackAddress(), isStream ? streamPort : sqlPort);
        open.add(server);
        ByteArrayOutputStream packet = new ByteArrayOutputStream();
        packet.write(ByteBuffer.allocate(Integer.BYTES).putInt(length).array());
        packet.write(startup);
        server.getOutputStream().write(packet.toByteArray());
        inThread(() -> pump(server, client));
        pump(client, server);
    }

    private static void pump(Socket from, Socket to) throws IOException {
        try (from;
                to) {
            OutputStream out = to.getOutputStream();
            byte[] buffer = new byte[8192];
            for (int read = from.getInputStream().read(buffer);
                    read >= 0;
                    read = from.getInputStream().read(buffer)) {
                out.write(buffer, 0, read);
            }
        }
    }

    private interface Step {
        void run() throws IOException;
    }

    /** Each thread ends when its socket is closed. */
    private void inThread(Step step) {
        Thread thread = new Thread(() -> {
            try {
                step.run();
            } catch (IOException e) {
                return; // closed
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() {
        try {
            listener.close();
            for (Socket socket : open) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
