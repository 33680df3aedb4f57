// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.testcontainers.containers.GenericContainer;

class ContainerImagesTest {

    private static final List<String> SERVERS = List.of(ContainerImages.POSTGRES, ContainerImages.KAFKA);

    /** Testcontainers would try for two minutes to pull a missing image, in every test class. */
    @Test
    void areNotPresentWithoutTheImagesOfTestcontainersItself() {
        assertThat(ContainerImages.areAllIn(SERVERS, false, false)).isTrue();
        assertThat(ContainerImages.areAllIn(SERVERS, true, false)).isFalse();
        assertThat(ContainerImages.areAllIn(SERVERS, false, true)).isFalse();
        assertThat(ContainerImages.areAllIn(
                        List.of(
                                ContainerImages.POSTGRES,
                                ContainerImages.KAFKA,
                                ContainerImages.RYUK,
                                ContainerImages.ALPINE),
                        true,
                        true))
                .isTrue();
    }

    @Test
    void areNotPresentIfAServerIsMissing() {
        assertThat(ContainerImages.areAllIn(List.of(ContainerImages.POSTGRES), false, false))
                .isFalse();
        assertThat(ContainerImages.areAllIn(List.of(ContainerImages.KAFKA), false, false))
                .isFalse();
    }

    /** An upgrade of Testcontainers may need other versions. */
    @ParameterizedTest
    @CsvSource({
        "org/testcontainers/utility/RyukContainer," + ContainerImages.RYUK,
        "org/testcontainers/DockerClientFactory," + ContainerImages.ALPINE
    })
    void nameTheImagesThatTestcontainersStarts(String type, String image) throws IOException {
        try (InputStream code = GenericContainer.class.getResourceAsStream("/" + type + ".class")) {
            assertThat(code).isNotNull();
            assertThat(new String(code.readAllBytes(), StandardCharsets.ISO_8859_1))
                    .contains(image);
        }
    }
}
