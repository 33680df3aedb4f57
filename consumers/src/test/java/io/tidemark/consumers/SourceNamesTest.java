// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class SourceNamesTest {

    private static final String CONSUMERS = "io.tidemark.consumers";

    private final SourceNames sources = SourceNames.below(CONSUMERS);

    /** A class file that uses such a constant does not mention its class; the source does. */
    @Test
    void seesConstantsThatTheCompilerInlines() {
        String code = """
                package io.tidemark.consumers.internal.apply;

                import static io.tidemark.consumers.Inbox.Limits.KEEP;

                /** Not {@link io.tidemark.consumers.ReadGate}. */
                class Example {
                    String text = "io.tidemark.consumers.Event"; // nor io.tidemark.consumers.Projection
                    int days = io.tidemark.consumers.web.TokenHeader.DAYS;
                }
                """;

        assertThat(sources.mentionsOf(CONSUMERS + ".internal.apply", code))
                .containsExactlyInAnyOrder(CONSUMERS + ".Inbox", CONSUMERS + ".web.TokenHeader");
        assertThat(sources.mentionsOf(
                        CONSUMERS, "package io.tidemark.consumers; class Example { int i = Inbox.DAYS; }"))
                .containsExactly(CONSUMERS + ".Inbox");
    }

    @Test
    void rejectsWildcardImportsBecauseTheyHideNames() {
        assertThatThrownBy(() -> sources.mentionsOf(CONSUMERS, "import io.tidemark.consumers.internal.relay.*;"))
                .hasMessageContaining("wildcard import io.tidemark.consumers.internal.relay.*");
    }
}
