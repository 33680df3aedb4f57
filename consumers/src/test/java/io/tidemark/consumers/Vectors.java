// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;

/** The files of {@code clients/conformance}, which the clients in every language must pass. */
public final class Vectors {

    private static final Path DIRECTORY = Path.of("..", "clients", "conformance");
    private static final ObjectMapper JSON = new ObjectMapper();

    private Vectors() {}

    /** Checks one entry of a list. */
    @FunctionalInterface
    public interface Check {
        void of(JsonNode entry) throws Exception;
    }

    /** A test for each entry of a list, by its name. The list must not be empty. */
    public static Stream<DynamicTest> tests(String file, String list, Check check) throws IOException {
        JsonNode entries = JSON.readTree(DIRECTORY.resolve(file).toFile()).path(list);
        assertThat(entries).as(file + ": " + list).isNotEmpty();
        return StreamSupport.stream(entries.spliterator(), false)
                .map(entry -> DynamicTest.dynamicTest(entry.required("name").asText(), () -> check.of(entry)));
    }
}
