// SPDX-License-Identifier: Apache-2.0
package io.tidemark.helm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** With {@code http.tls} the API uses HTTPS, and all objects that lead to it are configured for HTTPS. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class TlsTest {

    /** The value of the configuration's variable, which helm/pom.xml sets. */
    private static final String PASSWORD = System.getenv("TIDEMARK_KEYSTORE_PASSWORD");

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path directory;

    @Test
    void allObjectsUseThePortOfTls() {
        List<JsonNode> objects = Chart.render(Chart.ci("tls"));
        JsonNode container = Chart.only(objects, "Deployment").at("/spec/template/spec/containers/0");

        assertThat(container.at("/ports/0/name").asText()).isEqualTo("https");
        assertThat(container.at("/ports/0/containerPort").asInt()).isEqualTo(8443);
        for (JsonNode object : objects) {
            if (Chart.kindOf(object).equals("Service")
                    && !object.at("/metadata/name").asText().endsWith("-admin")) {
                assertThat(object.at("/spec/ports/0/name").asText()).isEqualTo("https");
                assertThat(object.at("/spec/ports/0/targetPort").asText()).isEqualTo("https");
            }
        }
        assertThat(Chart.only(objects, "Ingress")
                        .at("/spec/rules/0/http/paths/0/backend/service/port/name")
                        .asText())
                .isEqualTo("https");
        JsonNode policy = objects.stream()
                .filter(object -> Chart.kindOf(object).equals("NetworkPolicy"))
                .filter(object -> object.path("spec").has("ingress"))
                .findFirst()
                .orElseThrow();
        assertThat(policy.at("/spec/ingress/0/ports/0/port").asText()).isEqualTo("https");
        assertThat(policy.at("/spec/egress/1/ports/0/port").asText()).isEqualTo("https");
    }

    @Test
    void statusTestAsksByTheNameOfTheService() {
        JsonNode pod = Chart.job(Chart.render(Chart.ci("tls")), "status").at("/spec/template");

        assertThat(pod.at("/spec/containers/0/args"))
                .extracting(JsonNode::asText)
                .containsExactly(
                        "status", "--url=https://shop-tidemark.shop.svc:8080", "--ca-file=/etc/tidemark/http/ca.crt");
        assertThat(pod.at("/spec/volumes/0/projected/sources").findValuesAsText("path"))
                .contains("http/ca.crt");
    }

    /** Also the Job, which reads the same configuration. */
    @Test
    void everyContainerHasKeyStoreAndPassword() {
        for (JsonNode object : Chart.render(Chart.ci("tls"))) {
            JsonNode pod = object.at("/spec/template/spec");
            for (JsonNode container : pod.path("containers")) {
                JsonNode password = container.at("/env/0");
                assertThat(password.path("name").asText()).isEqualTo("TIDEMARK_KEYSTORE_PASSWORD");
                assertThat(password.at("/valueFrom/secretKeyRef/name").asText()).isEqualTo("tidemark-tls-store");
                assertThat(password.at("/valueFrom/secretKeyRef/key").asText()).isEqualTo("pass");
                assertThat(pod.at("/volumes/0/projected/sources").findValuesAsText("path"))
                        .contains("http/keystore.p12");
            }
        }
    }

    /** With mTLS the test presents its own certificate. HttpSecurityIT tests a relay with such a connector. */
    @Test
    void statusTestPresentsACertificateIfClientsNeedOne() throws Exception {
        Path mutual = Files.writeString(directory.resolve("mutual.yaml"), "http: {tls: {clientCertificates: true}}\n");
        List<JsonNode> objects = Chart.render(Chart.ci("tls"), mutual);
        JsonNode pod = Chart.job(objects, "status").at("/spec/template");

        assertThat(Chart.relayConfigurations(objects))
                .allSatisfy(config -> assertThat(config)
                        .contains("needClientAuth: true", "trustStorePath: /etc/tidemark/http/truststore.p12"));
        assertThat(pod.at("/spec/containers/0/args"))
                .extracting(JsonNode::asText)
                .contains("--cert-file=/etc/tidemark/http/tls.crt", "--key-file=/etc/tidemark/http/tls.key");
        assertThat(pod.at("/spec/volumes/0/projected/sources").findValuesAsText("path"))
                .contains("http/truststore.p12", "http/tls.crt", "http/tls.key");
    }

    /** A process with the rendered configuration, except for paths, and for ports, which may be in use here. */
    @Test
    void relayWithTheRenderedConfigurationAnswersOverTls() throws Exception {
        Path keyStore = keyStore();
        int apiPort = RelayOfTheChart.freePort();
        List<JsonNode> objects = Chart.render(Chart.ci("tls"));
        String rendered = Chart.relayConfigurations(objects)
                .get(0)
                .replace(
                        "/etc/tidemark/postgres/password",
                        Files.writeString(directory.resolve("password"), "secret")
                                .toString())
                .replace("/etc/tidemark/http/keystore.p12", keyStore.toString())
                .replace("port: 8443", "port: " + apiPort)
                .replace("port: 8081", "port: " + RelayOfTheChart.freePort());
        Path config = Files.writeString(directory.resolve("relay.yml"), rendered);
        JsonNode container = Chart.only(objects, "Deployment").at("/spec/template/spec/containers/0");
        HttpClient http = HttpClient.newBuilder().sslContext(trusting(keyStore)).build();

        try (RelayOfTheChart relay = RelayOfTheChart.start(container, config)) {
            assertThat(relay.awaitStatus(http, URI.create("https://localhost:" + apiPort + "/v1/source")))
                    .isEqualTo(200);
        }
    }

    /** A JVM with the rendered option trusts what is in the store. The password of trust-manager's PKCS#12 is empty. */
    @Test
    void jvmUsesTheMountedTrustStore() {
        List<JsonNode> objects = Chart.render(Chart.ci("full"));
        for (String pod : List.of("/spec/template/spec", "/spec/jobTemplate/spec/template/spec")) {
            for (JsonNode object : objects) {
                JsonNode container = object.at(pod + "/containers/0");
                if (container.isObject()) {
                    assertThat(container.at("/env").toString())
                            .contains("-Djavax.net.ssl.trustStore=/etc/tidemark/truststore"
                                    + " -Djavax.net.ssl.trustStorePassword=changeit");
                    assertThat(object.at(pod + "/volumes/0/projected/sources").toString())
                            .contains(
                                    "{\"name\":\"shop-cas\",\"items\":[{\"key\":\"ca.jks\",\"path\":\"truststore\"}]}");
                }
            }
        }
        assertThat(Chart.render(Chart.ci("minimal")).toString()).doesNotContain("trustStore");
    }

    private Path keyStore() throws Exception {
        Path keyStore = directory.resolve("keystore.p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "tls",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=localhost",
                        "-ext",
                        "san=dns:localhost",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        keyStore.toString(),
                        "-storepass",
                        PASSWORD)
                .inheritIO()
                .start();
        assertThat(keytool.waitFor()).isZero();
        return keyStore;
    }

    private static SSLContext trusting(Path keyStore) throws Exception {
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(KeyStore.getInstance(keyStore.toFile(), PASSWORD.toCharArray()));
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }
}
