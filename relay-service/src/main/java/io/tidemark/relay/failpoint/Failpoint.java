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
 * The places, in the order in which a run comes to them. Armed by text: {@code before-commit=crash@3} crashes the
 * process when the place is reached for the third time; {@code fail} ends the run only, {@code pause} goes on
 * afterwards. Each can wait first: {@code after-init=pause:2000} milliseconds. {@code hold} waits for as long as the file
 * exists that the system property {@code io.tidemark.failpoints.hold} names. Several are joined by commas; each acts once.
 */
public enum Failpoint {
    /** The advisory lock is held, nothing else. */
    AFTER_LOCK,
    /** Earlier producers are fenced. */
    AFTER_INIT,
    /** Position, slot and database have been weighed. */
    AFTER_POSITION_READ,
    /** The engine has been started; its stream may be open or not. */
    AFTER_ENGINE_START,
    /** Between two events of a batch. */
    MID_SEND,
    /** All events of the batch are with the producer. */
    AFTER_SEND,
    /** The position is with the producer too, and nothing is committed. */
    BEFORE_COMMIT,
    /** Kafka has committed; nobody knows. */
    AFTER_COMMIT,
    /** The index has been advanced; the slot not. */
    BEFORE_CONFIRM,
    /** The slot may be confirmed; the server may not have heard of it. */
    AFTER_CONFIRM,
    /** Kafka has refused an event; its transaction is taken back, and not sent again yet. */
    AFTER_REFUSAL,
    /** Between two Kafka transactions of one split transaction. */
    BETWEEN_PARTS,
    /** The run is ending, and slot and lock are still held. */
    BEFORE_RELEASE,
    /** Not of a run: {@code init} has made the slot, and not recorded where it began. */
    AFTER_SLOT_MADE;

    private static final Logger LOG = LoggerFactory.getLogger(Failpoint.class);
    private static final String PROPERTY = "io.tidemark.failpoints";
    private static final String HOLD_FILE = PROPERTY + ".hold";
    private static final long HOLD_POLL_MILLIS = 10;
    /** As a shell reports {@code kill -9}. */
    private static final int KILLED = 137;

    private static volatile @Nullable Map<Failpoint, Armed> armed = parse(System.getProperty(PROPERTY, ""));

    private enum Action {
        CRASH,
        FAIL,
        PAUSE,
        HOLD
    }

    /** @param left how often the place is still to be reached before it acts; once it has, below zero */
    private record Armed(Action action, long waitMillis, AtomicInteger left) {}

    /** Arms for this process, from now on and instead of what was armed; an empty text disarms. */
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
                .orElseThrow(() -> new IllegalArgumentException(PROPERTY + ": no failpoint '" + label + "'; there are "
                        + Arrays.stream(values()).map(Failpoint::label).toList()));
    }

    /** The name as it is armed, for example {@code before-commit}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * The relay has come here.
     *
     * @throws FailpointReached when it is to fail here
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
                LOG.warn("event=failpoint name={} action=go-on", label());
            }
            case PAUSE -> LOG.warn("event=failpoint name={} action=go-on", label());
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
