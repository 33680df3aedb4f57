// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.failpoint;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The places, in the order in which a run reaches them. Text arms them: {@code before-commit=crash@3} crashes the
 * process when it reaches the place for the third time. {@code fail} ends only the run. {@code pause} continues
 * afterwards. Each can wait first: {@code after-init=pause:2000} milliseconds. {@code hold} waits as long as the file
 * named by the system property {@code io.tidemark.failpoints.hold} exists. Separate several by commas; each acts once.
 */
public enum Failpoint {
    /** The advisory lock is held, nothing else. */
    AFTER_LOCK,
    /** Earlier producers are fenced. */
    AFTER_INIT,
    /** Position, slot and database have been compared. */
    AFTER_POSITION_READ,
    /** The engine has been started; its stream may be open or not. */
    AFTER_ENGINE_START,
    /** Between two events of a batch. */
    MID_SEND,
    /** The producer has all events of the batch. */
    AFTER_SEND,
    /** The producer has the position too. Nothing is committed. */
    BEFORE_COMMIT,
    /** Kafka has committed. The relay has not noted it. */
    AFTER_COMMIT,
    /** The index has advanced, the slot has not. */
    BEFORE_CONFIRM,
    /** The slot may be confirmed. The server may not have received the confirmation. */
    AFTER_CONFIRM,
    /** Kafka has refused an event. Its transaction is aborted, and not sent again yet. */
    AFTER_REFUSAL,
    /** Between two Kafka transactions of one split transaction. */
    BETWEEN_PARTS,
    /** The run is ending. It still holds slot and lock. */
    BEFORE_RELEASE,
    /** Not part of a run: {@code init} has created the slot, and has not recorded its start. */
    AFTER_SLOT_MADE;

    private static final Logger LOG = LoggerFactory.getLogger(Failpoint.class);
    private static final String PROPERTY = "io.tidemark.failpoints";
    private static final String HOLD_FILE = PROPERTY + ".hold";
    private static final long HOLD_POLL_MILLIS = 10;
    /** The exit code that a shell reports for {@code kill -9}. */
    private static final int KILLED = 137;

    private static volatile @Nullable Map<Failpoint, Armed> armed = parse(System.getProperty(PROPERTY, ""));

    private enum Action {
        CRASH,
        FAIL,
        PAUSE,
        HOLD
    }

    /** @param left how often the place must still be reached before it acts; below zero after it has acted */
    private record Armed(Action action, long waitMillis, AtomicInteger left) {}

    /** Arms failpoints for this process, and replaces those armed before. An empty text disarms all. */
    public static void arm(String failpoints) {
        armed = parse(failpoints);
    }

    /** Whether anything is armed in this process. */
    public static boolean anyArmed() {
        return armed != null;
    }

    private static @Nullable Map<Failpoint, Armed> parse(String failpoints) {
        if (failpoints.isBlank()) {
            return null;
        }
        Map<Failpoint, Armed> parsed = new EnumMap<>(Failpoint.class);
        for (String one : failpoints.split(",", -1)) {
            String[] parts = one.trim().split("=|@", -1);
            if (parts.length < 2 || parts.length > 3) {
                throw new IllegalArgumentException(
                        PROPERTY + ": '" + one + "' is not NAME=crash|fail|pause|hold[:MILLIS][@N]");
            }
            String[] action = parts[1].split(":", 2);
            parsed.put(
                    named(parts[0]),
                    new Armed(
                            Action.valueOf(action[0].toUpperCase(Locale.ROOT)),
                            action.length == 1 ? 0 : Long.parseLong(action[1]),
                            new AtomicInteger(parts.length == 3 ? Integer.parseInt(parts[2]) : 1)));
        }
        return parsed;
    }

    private static Failpoint named(String label) {
        return Arrays.stream(values())
                .filter(failpoint -> failpoint.label().equals(label))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(PROPERTY + ": no failpoint '" + label + "'; known"
                        + " failpoints: "
                        + Arrays.stream(values()).map(Failpoint::label).toList()));
    }

    /** The name used to arm it, for example {@code before-commit}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * Called where the relay reaches this place.
     *
     * @throws FailpointReached if the armed action is {@code fail}
     */
    public void reach() {
        Map<Failpoint, Armed> now = armed;
        if (now != null) {
            Armed here = now.get(this);
            if (here != null && here.left().decrementAndGet() == 0) {
                act(here);
            }
        }
    }

    private void act(Armed here) {
        LOG.warn(
                "event=failpoint name={} action={} waitMillis={}",
                label(),
                here.action().name().toLowerCase(Locale.ROOT),
                here.waitMillis());
        sleep(here.waitMillis());
        switch (here.action()) {
            case CRASH -> Runtime.getRuntime().halt(KILLED);
            case FAIL -> throw new FailpointReached(this);
            case HOLD -> {
                while (Files.exists(Path.of(System.getProperty(HOLD_FILE, "")))
                        && !Thread.currentThread().isInterrupted()) {
                    sleep(HOLD_POLL_MILLIS);
                }
                LOG.warn("event=failpoint name={} action=continue", label());
            }
            case PAUSE -> LOG.warn("event=failpoint name={} action=continue", label());
        }
    }

    private static void sleep(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the run ends at its next wait
        }
    }
}
