// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.TypeConversionException;

class RelayUrlTest {

    private final OptionValues.RelayUrl converter = new OptionValues.RelayUrl();

    @Test
    void refusesAPortThatNoServerCanHave() {
        assertThatThrownBy(() -> converter.convert("http://relay:99999"))
                .isInstanceOf(TypeConversionException.class)
                .hasMessageContaining("http://relay:99999' is not the address of a relay");
        assertThat(converter.convert("http://relay:65535")).isEqualTo(URI.create("http://relay:65535"));
    }
}
