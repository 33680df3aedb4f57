// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPath;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;

/** The image has two descriptions: one for Jib, in the relay's pom, and docker/Dockerfile. */
class ImageTest {

    private static final String CONTAINER = "//plugin[artifactId='jib-maven-plugin']/configuration/container";

    private final XPath xpath = XPathFactory.newInstance().newXPath();
    private Document pom;
    private String dockerfile;

    @BeforeEach
    void read() throws Exception {
        pom = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(Path.of("..", "relay-service", "pom.xml").toFile());
        dockerfile = Files.readString(Path.of("..", "docker", "Dockerfile"));
    }

    private String jib(String path) throws Exception {
        String value = xpath.evaluate(path, pom).strip();
        assertThat(value).as(path).isNotEmpty();
        return value;
    }

    private List<String> all(String path) throws Exception {
        NodeList nodes = (NodeList) xpath.evaluate(path, pom, XPathConstants.NODESET);
        List<String> values = new ArrayList<>();
        for (int i = 0; i < nodes.getLength(); i++) {
            values.add(nodes.item(i).getTextContent().strip());
        }
        assertThat(values).as(path).isNotEmpty();
        return values;
    }

    @Test
    void runsAsTheSameUserThatIsNotRoot() throws Exception {
        assertThat(jib(CONTAINER + "/user")).matches("[1-9][0-9]*:[1-9][0-9]*");

        assertThat(dockerfile).contains("\nUSER " + jib(CONTAINER + "/user") + "\n");
    }

    @Test
    void startsTheLauncherWithTheSameArguments() throws Exception {
        assertThat(dockerfile)
                .contains(
                        "ENTRYPOINT [\"" + jib(CONTAINER + "/entrypoint/arg") + "\"]",
                        "CMD [\"" + String.join("\", \"", all(CONTAINER + "/args/arg")) + "\"]",
                        "EXPOSE " + String.join(" ", all(CONTAINER + "/ports/port")));
        assertThat(dockerfile).doesNotContain("ENV ");
    }

    /** The launcher expects the jar of the relay in another directory than its libraries, as Jib places them. */
    @Test
    void hasTheSameFilesInTheSamePlaces() throws Exception {
        assertThat(dockerfile)
                .contains(
                        "/build/classpath /app/classpath\n",
                        "/build/libs /app/libs\n",
                        "relay-service/target/sbom "
                                + all("//extraDirectories//into").get(0) + "\n",
                        "COPY docker/bin " + all("//extraDirectories//into").get(1) + "\n");
        assertThat(jib("//extraDirectories//permission[file='/usr/local/bin/tidemark']/mode"))
                .isEqualTo("755");
        assertThat(Path.of("..", "docker", "bin", "tidemark")).isExecutable();
    }

    @Test
    void hasTheSameBaseAndLabels() throws Exception {
        String base = jib("//profile[id='image']/properties/image.base");

        assertThat(dockerfile).contains("\nFROM " + base + "\n");
        for (String label : List.of("title", "licenses")) {
            String name = "org.opencontainers.image." + label;
            assertThat(dockerfile).contains(name + "=\"" + jib(CONTAINER + "/labels/" + name) + "\"");
        }
        assertThat(dockerfile)
                .contains(
                        "org.opencontainers.image.version=\"" + jib("/project/parent/version") + "\"",
                        "org.opencontainers.image.base.name=\"" + base + "\"");
    }
}
