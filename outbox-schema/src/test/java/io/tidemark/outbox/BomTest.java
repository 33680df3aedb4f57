// SPDX-License-Identifier: Apache-2.0
package io.tidemark.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.NodeList;

/** The BOM has no parent, so this test checks its version. */
class BomTest {

    private static List<String> read(String pom, String path) throws Exception {
        NodeList nodes = (NodeList) XPathFactory.newInstance()
                .newXPath()
                .evaluate(
                        path,
                        DocumentBuilderFactory.newInstance()
                                .newDocumentBuilder()
                                .parse(Path.of(pom).toFile()),
                        XPathConstants.NODESET);
        return IntStream.range(0, nodes.getLength())
                .mapToObj(i -> nodes.item(i).getTextContent())
                .toList();
    }

    @Test
    void hasTheVersionOfTheParent() throws Exception {
        assertThat(read("bom/pom.xml", "/project/version"))
                .hasSize(1)
                .isEqualTo(read("../pom.xml", "/project/version"));
    }

    @Test
    void managesTheLibrariesOfApplicationsInItsOwnVersion() throws Exception {
        String managed = "/project/dependencyManagement/dependencies/dependency/";

        assertThat(read("bom/pom.xml", managed + "artifactId"))
                .containsExactly(
                        read("pom.xml", "/project/artifactId").get(0),
                        read("../consumers/pom.xml", "/project/artifactId").get(0));
        assertThat(read("bom/pom.xml", managed + "version")).containsOnly("${project.version}");
    }
}
