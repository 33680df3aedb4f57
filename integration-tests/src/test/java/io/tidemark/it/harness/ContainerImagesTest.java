// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.testcontainers.containers.GenericContainer;

class ContainerImagesTest {

    private static final List<String> SERVERS = List.of(ContainerImages.POSTGRES, ContainerImages.KAFKA);

    /** Testcontainers would try for two minutes to pull the missing image, in every test class. */
    @Test
    void areNotPresentWithoutTheImageOfRyuk() {
        assertThat(ContainerImages.areAllIn(SERVERS, false)).isFalse();
        assertThat(ContainerImages.areAllIn(SERVERS, true)).isTrue();
        assertThat(ContainerImages.areAllIn(
                        List.of(ContainerImages.POSTGRES, ContainerImages.KAFKA, ContainerImages.RYUK), false))
                .isTrue();
    }

    @Test
    void areNotPresentIfAServerIsMissing() {
        assertThat(ContainerImages.areAllIn(List.of(ContainerImages.POSTGRES), true))
                .isFalse();
        assertThat(ContainerImages.areAllIn(List.of(ContainerImages.KAFKA), true))
                .isFalse();
    }

    /** An upgrade of Testcontainers may need another version of Ryuk. */
    @Test
    void nameTheImageOfRyukThatTestcontainersStarts() throws IOException {
        try (InputStream ryuk =
                GenericContainer.class.getResourceAsStream("/org/testcontainers/utility/RyukContainer.class")) {
            assertThat(ryuk).isNotNull();
            assertThat(new String(ryuk.readAllBytes(), StandardCharsets.ISO_8859_1))
                    .contains(ContainerImages.RYUK);
        }
    }
}
