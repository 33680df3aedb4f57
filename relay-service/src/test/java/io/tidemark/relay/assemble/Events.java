// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.assemble;

import static org.assertj.core.api.Assumptions.assumeThat;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.capture.CapturedEvent;
import io.tidemark.relay.capture.Change;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Inputs for the tests of this package. */
final class Events {

    private Events() {}

    static CapturedEvent event(String id) {
        return event(id, 10);
    }

    static CapturedEvent event(String id, int payloadBytes) {
        byte[] payload = "x".repeat(payloadBytes).getBytes(StandardCharsets.UTF_8);
        return new CapturedEvent(id, "order", "order-1", "OrderPlaced", payload, null, null, null, null, 0);
    }

    static Change commit(String lsn) {
        return new Change.Commit(Lsn.parse(lsn), 0);
    }

    static Change barrier(String lsn) {
        return new Change.Barrier(Lsn.parse(lsn));
    }

    /** Files of that directory that this process has open, also those that have no name any more. */
    static List<String> openFilesIn(Path directory) throws IOException {
        Path descriptors = Path.of("/proc/self/fd");
        assumeThat(descriptors).as("the kernel lists open files").isDirectory();
        List<String> open = new ArrayList<>();
        try (DirectoryStream<Path> links = Files.newDirectoryStream(descriptors)) {
            for (Path link : links) {
                open.add(target(link));
            }
        }
        String inDirectory = directory.toRealPath() + "/";
        open.removeIf(file -> !file.startsWith(inDirectory));
        return open;
    }

    private static String target(Path descriptor) throws IOException {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (NoSuchFileException e) { // closed meanwhile
            return "";
        }
    }

    static List<String> ids(TransactionEvents events) {
        List<String> ids = new ArrayList<>();
        events.iterator().forEachRemaining(event -> ids.add(event.id()));
        return ids;
    }
}
