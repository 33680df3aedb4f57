// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Timeout of tests for expected events. Long enough that a busy machine does not fail a test. */
public final class Patience implements BeforeAllCallback {

    /** The default timeout of {@code await()}. */
    public static final Duration LIMIT = Duration.ofSeconds(Long.getLong("patience.seconds", 180));

    @Override
    public void beforeAll(ExtensionContext context) {
        Awaitility.setDefaultTimeout(LIMIT);
    }
}
