package io.tidemark.it.harness;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** How long tests wait for what must come: so long that no busy machine decides a test. */
public final class Patience implements BeforeAllCallback {

    /** Of every {@code await()}. */
    public static final Duration LIMIT = Duration.ofSeconds(Long.getLong("patience.seconds", 180));

    @Override
    public void beforeAll(ExtensionContext context) {
        Awaitility.setDefaultTimeout(LIMIT);
    }
}
