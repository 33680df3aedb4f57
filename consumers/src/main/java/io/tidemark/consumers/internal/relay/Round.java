// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.relay;

import io.tidemark.consumers.RelayRequestException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The last response of each relay during one call, and when it may be asked again. The caller's thread only. */
final class Round<T> {

    private final List<@Nullable Attempt<T>> last;
    private final long[] dueNanos;

    Round(int relays) {
        this.last = new ArrayList<>();
        for (int i = 0; i < relays; i++) {
            last.add(null);
        }
        this.dueNanos = new long[relays];
    }

    boolean isDue(int relay) {
        return last.get(relay) == null || System.nanoTime() - dueNanos[relay] >= 0;
    }

    void failed(int relay, Attempt<T> attempt) {
        last.set(relay, attempt);
        long pauseMillis = attempt instanceof Attempt.Later<T> later ? later.retryAfterMillis() : 0;
        dueNanos[relay] = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(pauseMillis);
    }

    /** The first refusal if every relay refuses with the same status; null otherwise. */
    @Nullable
    RelayRequestException refusalOfAll() {
        RelayRequestException first = null;
        for (Attempt<T> attempt : last) {
            if (!(attempt instanceof Attempt.Refused<T> refused)
                    || (first != null
                            && first.httpStatus() != refused.exception().httpStatus())) {
                return null;
            }
            first = first == null ? refused.exception() : first;
        }
        return first;
    }

    /** The time until a relay may be asked again. */
    long dueInMillis() {
        long now = System.nanoTime();
        long nanos = Long.MAX_VALUE;
        for (long due : dueNanos) {
            nanos = Math.min(nanos, Math.max(0, due - now));
        }
        return TimeUnit.NANOSECONDS.toMillis(nanos + TimeUnit.MILLISECONDS.toNanos(1) - 1);
    }

    /** For people, relay by relay. */
    String reasons(List<URI> relays) {
        List<String> reasons = new ArrayList<>();
        for (int i = 0; i < relays.size(); i++) {
            Attempt<T> attempt = last.get(i);
            if (attempt instanceof Attempt.Later<T> later) {
                reasons.add(relays.get(i) + ": " + later.reason());
            } else if (attempt instanceof Attempt.Refused<T> refused) {
                reasons.add(relays.get(i) + ": "
                        + Objects.requireNonNull(refused.exception().getMessage()));
            } else {
                reasons.add(relays.get(i) + ": not asked, the time was over");
            }
        }
        return String.join("; ", reasons);
    }
}
