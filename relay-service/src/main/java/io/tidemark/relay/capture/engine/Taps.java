// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture.engine;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Maps a name in Debezium's configuration to a tap. Debezium makes its connector by class name, so no object can be
 * passed to it. The only static state of the relay; an entry lives as long as its engine.
 */
final class Taps {

    private static final Map<String, Tap> BY_ID = new ConcurrentHashMap<>();
    private static final AtomicLong NEXT = new AtomicLong();

    private Taps() {}

    static String register(Tap tap) {
        String id = "tap-" + NEXT.incrementAndGet();
        BY_ID.put(id, tap);
        return id;
    }

    /** @throws IllegalStateException when the engine has outlived its tap */
    static Tap find(String id) {
        Tap tap = BY_ID.get(id);
        if (tap == null) {
            throw new IllegalStateException("no tap " + id + "; its engine was closed");
        }
        return tap;
    }

    static void unregister(String id) {
        BY_ID.remove(id);
    }
}
