// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import com.github.dockerjava.api.DockerClient;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.dockerclient.DockerClientConfigUtils;
import org.testcontainers.dockerclient.DockerClientProviderStrategy;

/**
 * The images of the servers that the tests share. They are never pulled: without a registry, each attempt would take
 * minutes.
 */
final class ContainerImages {

    static final String POSTGRES = "postgres:18";
    static final String KAFKA = "apache/kafka:4.3.1";
    /** Testcontainers starts it first. It removes containers of tests that were killed. */
    static final String RYUK = "testcontainers/ryuk:0.14.0";

    /** Testcontainers starts it to find the address of the engine, if it runs in a container itself. */
    static final String ALPINE = "alpine:3.17";

    private ContainerImages() {}

    /** Whether a Docker engine answers and has everything that Testcontainers needs. */
    static boolean arePresent() {
        DockerClient docker;
        try {
            // not isDockerAvailable() and not lazyClient(): both start Ryuk, and pull its image first
            docker = DockerClientProviderStrategy.getClientForConfig(
                    DockerClientFactory.instance().getTransportConfig());
        } catch (IllegalStateException e) { // no engine answers
            return false;
        }
        Set<String> present = new HashSet<>();
        docker.listImagesCmd().exec().stream()
                .flatMap(image -> image.getRepoTags() == null ? Stream.empty() : Arrays.stream(image.getRepoTags()))
                .forEach(present::add);
        boolean startsRyuk = !Boolean.parseBoolean(System.getenv("TESTCONTAINERS_RYUK_DISABLED"));
        boolean searchesEngine =
                DockerClientConfigUtils.IN_A_CONTAINER && System.getenv("TESTCONTAINERS_HOST_OVERRIDE") == null;
        return areAllIn(present, startsRyuk, searchesEngine);
    }

    static boolean areAllIn(Collection<String> present, boolean startsRyuk, boolean searchesEngine) {
        return present.contains(POSTGRES)
                && present.contains(KAFKA)
                && (!startsRyuk || present.contains(RYUK))
                && (!searchesEngine || present.contains(ALPINE));
    }
}
