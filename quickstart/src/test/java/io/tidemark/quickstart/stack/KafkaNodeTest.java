// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.stack;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

class KafkaNodeTest {

    /** A locale may have other digits, which a broker cannot read. */
    @Test
    void writesItsSettingsInAsciiWhateverTheLocale() {
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));

            assertThat(KafkaNode.alone(9092, List.of(), Map.of()).properties(Path.of("/data")))
                    .contains("node.id=1\n", "PLAINTEXT://127.0.0.1:9092\n")
                    .matches("\\p{ASCII}*");
        } finally {
            Locale.setDefault(before);
        }
    }
}
