// SPDX-License-Identifier: Apache-2.0
package io.tidemark.helm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.marcnuri.helm.LintResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RenderingTest {

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path directory;

    @Test
    void passesStrictLint() {
        LintResult result = Chart.helm().lint().strict().call();

        assertThat(result.isFailed()).as("%s", result.getMessages()).isFalse();
        assertThat(result.getMessages()).noneMatch(message -> message.contains("[WARNING]"));
    }

    @Test
    void namesMissingValuesAndTheFix() {
        assertThat(Chart.refusal())
                .contains("postgres.url is missing: set it to the JDBC URL of the primary")
                .contains("postgres.existingSecret is missing: create a Secret with the password of tidemark_relay")
                .contains("kafka.bootstrapServers is missing: set it to the brokers")
                .contains("image.repository is missing: no image is published yet; build one");
    }

    /** Values that the relay or Kubernetes would reject later are rejected here, with their key. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "postgress: {}                                                       | postgress",
                "replica: 3                                                          | replica",
                "postgres: {password: secret}                                        | password",
                "postgres: {url: 'postgres://db/shop'}                               | url",
                "postgres: {url: 'jdbc:postgresql://me:secret@db/shop'}              | url",
                "postgres: {url: 'jdbc:postgresql://db:port/shop'}                   | url",
                "postgres: {url: 'jdbc:postgresql://db:70000/shop'}                  | url",
                "postgres: {url: 'jdbc:postgresql://db/shop?user=me'}                | postgres.url sets user",
                "postgres: {url: 'jdbc:postgresql://db/shop?ssl=true&password=x'}    | postgres.url sets user or"
                        + " password",
                "postgres: {url: 'jdbc:postgresql://a,b/shop'}                       | targetServerType=primary",
                "postgres: {url: 'jdbc:postgresql://db/shop?sslpassword=secret'}     | ${PG_SSL_PASSWORD}",
                "postgres: {url: 'jdbc:postgresql://${PG}/shop'}                     | extraEnv does not set PG,",
                "postgres: {slot: Tidemark}                                          | slot",
                "postgres: {user: ''}                                                | user",
                "kafka: {properties: {acks: '1'}}                                    | acks",
                "kafka: {properties: {linger.ms: 5}}                                 | linger.ms",
                "kafka: {properties: {sasl.jaas.config: 'password=x'}}               |"
                        + " kafka.properties.sasl.jaas.config would put",
                "kafka: {properties: {ssl.keystore.password: x}}                     |"
                        + " kafka.properties.ssl.keystore.password would",
                "kafka: {topics: {partitions: 0}}                                    | partitions",
                "kafka: {existingSecret: certificates}                               | kafka.existingSecretKeys is"
                        + " empty",
                "kafka: {existingSecretPropertiesKey: client.properties}             | kafka.existingSecret is missing",
                "http: {tls: {existingSecret: store}}                                | http.tls.passwordSecret is"
                        + " missing",
                "http: {tls: {passwordSecret: store}}                                | http.tls.existingSecret is"
                        + " missing",
                "outbox: {retention: 24}                                             | retention",
                "outbox: {retention: 0h}                                             | retention",
                "outbox: {preset: debezum}                                           | preset",
                "routes: [{topic: x}]                                                | aggregateType",
                "routes: [{aggregateType: x, topic: tidemark.positions}]             | topic",
                "routes: [{aggregateType: x, topic: 'a b'}]                          | topic",
                "routes: [{aggregateType: x, topic: x, onPoison: skip}]              | onPoison",
                "headers: none                                                       | headers",
                "projections: [{name: a b, topics: [x]}]                             | name",
                "projections: [{name: a, topics: []}]                                | topics",
                "projections: [{name: a, topics: [x]}, {name: a, topics: [z]}]       | projections has the name a"
                        + " twice",
                "watermark: {maxWait: soon}                                          | maxWait",
                "watermark: {maxWaiters: 0}                                          | maxWaiters",
                "limits: {transactionBytes: 2GiB}                                    | transactionBytes",
                "limits: {transactionBytes: 1025MiB}                                 | transactionBytes",
                "logging: {level: LOUD}                                              | level",
                "logging: {loggers: {io.tidemark: DEBUG}}                            | logging.level",
                "init: {existing: both}                                              | existing",
                "init: {enabled: true, user: postgres}                               | init.existingSecret is missing",
                "init: {enabled: true, existingSecret: admin}                        | init.user is missing",
                "http: {tls: {clientCertificates: true}}                             | http.tls.existingSecret is missing",
                "ingress: {enabled: true}                                            | ingress.hosts is empty",
                "httpRoute: {enabled: true}                                          | httpRoute.parentRefs is empty",
                "enabled: false                                                      | enabled is false",
                "postgres: {passwordFile: /vault/secrets/password}                   | exclude each other",
                "postgres: {passwordFile: password}                                  | passwordFile",
                "kafka: {propertiesFile: /a, existingSecret: b, existingSecretPropertiesKey: c} |"
                        + " kafka.propertiesFile are both set",
                "podLabels: {app.kubernetes.io/name: mine}                           | podLabels sets"
                        + " app.kubernetes.io/name",
                "commonLabels: {helm.sh/chart: mine}                                 | commonLabels sets"
                        + " helm.sh/chart",
                "podAnnotations: {checksum/config: x}                                | podAnnotations sets"
                        + " checksum/config",
                "networkPolicy: {enabled: true, postgresPorts: [6432]}               |"
                        + " networkPolicy.postgresPorts lacks 5432",
                "networkPolicy: {enabled: true, kafkaPorts: [9093]}                  | networkPolicy.kafkaPorts lacks"
                        + " 9092",
                "{networkPolicy: {enabled: true}, kafka: {bootstrapServers: '${K:-a:1}'}} |"
                        + " networkPolicy.kafkaPorts is empty",
                "service: {loadBalancerSourceRanges: [10.0.0.0/8]}                   | loadBalancerSourceRanges",
                "service: {externalTrafficPolicy: Local}                             | externalTrafficPolicy",
                "service: {ipFamilies: [IPv5]}                                       | ipFamilies",
                "httpRoute: {timeouts: {request: 40}}                                | request",
                "commands: {scheduled: [{name: init, schedule: '* * * * *', args: [audit]}]} |"
                        + " commands.scheduled has the name init",
                "commands: {scheduled: [{name: audit, args: [audit]}]}               | schedule",
                "dnsConfig: {option: []}                                             | option",
                "hostAliases: [{ip: 10.0.0.1}]                                       | hostnames",
                "{trustStore: {existingConfigMap: cas}, extraEnv: [{name: JAVA_TOOL_OPTIONS, value: x}]} |"
                        + " extraEnv sets JAVA_TOOL_OPTIONS",
                "runAs: {user: 0}                                                    | user",
                "podMonitor: {interval: often}                                       | interval",
                "prometheusRule: {disabled: [TidemarkNoActiv]}                       | disabled",
            })
    void rejectsInvalidValues(String values, String named) throws IOException {
        Path file = Files.writeString(directory.resolve("values.yaml"), values);

        assertThat(Chart.refusal(Chart.ci("minimal"), file)).contains(named);
    }

    @Test
    void rendersTheMinimumOfObjectsForMinimalValues() {
        assertThat(kinds(Chart.render(Chart.ci("minimal"))))
                .containsExactlyInAnyOrder(
                        "ConfigMap",
                        "Deployment",
                        "PodDisruptionBudget",
                        "Service", // API
                        "Service", // each replica
                        "Job", // helm test: check
                        "Job"); // helm test: status
    }

    @Test
    void rendersEveryObjectForFullValues() {
        assertThat(kinds(Chart.render(Chart.ci("full"))))
                .containsExactlyInAnyOrder(
                        "ConfigMap", // the relay's
                        "ConfigMap", // the extra object
                        "ConfigMap", // the dashboard
                        "CronJob", // for commands
                        "CronJob", // the audit
                        "Deployment",
                        "HTTPRoute",
                        "Ingress",
                        "Job", // init
                        "Job", // helm test: check
                        "Job", // helm test: status
                        "NetworkPolicy",
                        "NetworkPolicy", // the init hook's
                        "PodDisruptionBudget",
                        "PodMonitor",
                        "PrometheusRule",
                        "Service",
                        "Service",
                        "Service",
                        "ServiceAccount",
                        "ServiceAccount"); // the init hook's
    }

    /** Two renderings must be equal. Otherwise GitOps tools would always find a difference. */
    @ParameterizedTest
    @ValueSource(strings = {"minimal", "full", "gitops", "tls", "existing-table"})
    void rendersTheSameObjectsAgain(String values) {
        assertThat(Chart.render(Chart.ci(values))).isEqualTo(Chart.render(Chart.ci(values)));
    }

    @Test
    void rendersNoHooksExceptTestsForGitops() {
        List<JsonNode> objects = Chart.render(Chart.ci("gitops"));

        assertThat(objects)
                .filteredOn(object -> object.at("/metadata/annotations").has("was/hook"))
                .extracting(Chart::kindOf)
                .containsExactly("Job", "Job");
        assertThat(Chart.job(objects, "init").at("/metadata/name").asText()).matches("shop-tidemark-init-[0-9a-f]{8}");
    }

    @Test
    void passesTheDecisionAboutExistingRowsToTheInitJob() throws IOException {
        Path ignore = Files.writeString(directory.resolve("values.yaml"), "init: {existing: ignore}");

        assertThat(initArguments(Chart.render(Chart.ci("gitops")))).doesNotContain("--existing");
        assertThat(initArguments(Chart.render(Chart.ci("gitops"), ignore)))
                .containsSubsequence("init", "--existing", "ignore", "/etc/tidemark/relay.yml");
    }

    private static List<String> initArguments(List<JsonNode> objects) {
        List<String> arguments = new ArrayList<>();
        Chart.job(objects, "init")
                .at("/spec/template/spec/containers/0/args")
                .forEach(argument -> arguments.add(argument.asText()));
        return arguments;
    }

    @Test
    void replacesPodsAndPlainJobWhenTheConfigurationChanges() throws IOException {
        Path change = Files.writeString(directory.resolve("values.yaml"), "headers: debezium");
        List<JsonNode> before = Chart.render(Chart.ci("gitops"));
        List<JsonNode> after = Chart.render(Chart.ci("gitops"), change);

        String checksum = "/spec/template/metadata/annotations/checksum~1config";
        assertThat(Chart.only(after, "Deployment").at(checksum).asText())
                .isNotEmpty()
                .isNotEqualTo(Chart.only(before, "Deployment").at(checksum).asText());
        assertThat(Chart.job(after, "init").at("/metadata/name"))
                .isNotEqualTo(Chart.job(before, "init").at("/metadata/name"));
    }

    /** The relay's ConfigMap does not exist before the first install. A ConfigMap of the hook would outlive the release. */
    @Test
    void initHookHasTheConfigurationThatItMounts() {
        List<JsonNode> objects = Chart.render(Chart.ci("full"));
        JsonNode pod = Chart.job(objects, "init").at("/spec/template");

        String mounted = pod.at("/spec/volumes/0/projected/sources/0/downwardAPI/items/0/fieldRef/fieldPath")
                .asText();
        assertThat(mounted).isEqualTo("metadata.annotations['tidemark.io/relay.yml']");
        assertThat(pod.at("/metadata/annotations").has("tidemark.io/relay.yml")).isTrue();
        assertThat(Chart.relayConfigurations(objects)).hasSize(2);
        assertThat(Chart.relayConfigurations(objects).get(0).strip())
                .isEqualTo(Chart.relayConfigurations(objects).get(1).strip());
    }

    /** A pod of a Job behind the Service would get requests that it cannot answer. */
    @Test
    void servicesSelectOnlyRelays() {
        List<JsonNode> objects = Chart.render(Chart.ci("full"));

        for (JsonNode service : objects) {
            if (Chart.kindOf(service).equals("Service")) {
                assertThat(matches(service.at("/spec/selector"), labels(Chart.only(objects, "Deployment"))))
                        .isTrue();
                assertThat(matches(service.at("/spec/selector"), labels(Chart.job(objects, "init"))))
                        .isFalse();
                assertThat(objects)
                        .filteredOn(object -> Chart.kindOf(object).equals("Job"))
                        .noneMatch(job -> matches(service.at("/spec/selector"), labels(job)));
            }
        }
        JsonNode policy = policy(objects).at("/spec/podSelector/matchLabels");
        assertThat(matches(policy, labels(Chart.job(objects, "init")))).isTrue();
    }

    @Test
    void startsANewPodBeforeItStopsAnOldOne() {
        JsonNode spec =
                Chart.only(Chart.render(Chart.ci("minimal")), "Deployment").path("spec");

        assertThat(spec.path("replicas").asInt()).isEqualTo(2);
        assertThat(spec.at("/strategy/rollingUpdate/maxUnavailable").asText()).isEqualTo("0");
        assertThat(spec.at("/strategy/rollingUpdate/maxSurge").asText()).isEqualTo("1");
    }

    /** Kubernetes 1.29 and older reject the action {@code sleep}, and {@code helm template} does not know the version. */
    @ParameterizedTest
    @ValueSource(strings = {"1.27.0", "1.34.0"})
    void sleepsBeforeStoppingOnEveryKubernetes(String kubernetes) {
        JsonNode container = Chart.only(Chart.render(kubernetes, Chart.ci("minimal")), "Deployment")
                .at("/spec/template/spec/containers/0");

        assertThat(container.at("/lifecycle/preStop").toString())
                .isEqualTo("{\"exec\":{\"command\":[\"sleep\",\"5\"]}}");
    }

    @Test
    void routesLeadOnlyToTheApi() {
        List<JsonNode> objects = Chart.render(Chart.ci("full"));
        JsonNode route = Chart.only(objects, "HTTPRoute").path("spec");
        JsonNode ingress = Chart.only(objects, "Ingress").path("spec");

        assertThat(route.at("/rules/0/matches/0/path/value").asText()).isEqualTo("/v1");
        assertThat(route.at("/rules/0/backendRefs/0/name").asText()).isEqualTo("shop-relay");
        assertThat(route.at("/rules/0/backendRefs/0/port").asInt()).isEqualTo(80);
        assertThat(ingress.at("/rules/0/http/paths/0/path").asText()).isEqualTo("/v1");
        assertThat(ingress.at("/rules/0/http/paths/0/backend/service/port/name").asText())
                .isEqualTo("http");
    }

    /** The other Service would lead to only one replica, which may be a standby. */
    @Test
    void statusTestAsksEachReplica() {
        List<JsonNode> objects = Chart.render(Chart.ci("full"));
        JsonNode job = Chart.job(objects, "status");
        JsonNode replicas = objects.stream()
                .filter(object -> object.at("/spec/clusterIP").asText().equals("None"))
                .findFirst()
                .orElseThrow();

        assertThat(job.at("/metadata/annotations/was~1hook").asText()).isEqualTo("test");
        assertThat(job.at("/spec/template/spec/containers/0/image"))
                .isEqualTo(Chart.only(objects, "Deployment").at("/spec/template/spec/containers/0/image"));
        assertThat(job.at("/spec/template/spec/containers/0/args"))
                .extracting(JsonNode::asText)
                .containsSubsequence(
                        "status",
                        "--url=http://" + replicas.at("/metadata/name").asText() + ":"
                                + replicas.at("/spec/ports/0/port").asText(),
                        "--each-address",
                        "--fail-on=inactive",
                        "--bearer-token-file=/etc/tidemark/http/tokens");
        assertThat(replicas.at("/spec/publishNotReadyAddresses").asBoolean()).isTrue();
    }

    /** A policy that allows only named clients must also allow the test. */
    @Test
    void networkPolicyAllowsTheStatusTest() {
        List<JsonNode> objects = Chart.render(Chart.ci("full"));
        JsonNode policy = policy(objects).path("spec");
        String own = "/podSelector/matchLabels";

        assertThat(policy.at("/ingress/0/from/0" + own)).isEqualTo(policy.at("/podSelector/matchLabels"));
        assertThat(policy.at("/egress/1/to/0" + own)).isEqualTo(policy.at("/podSelector/matchLabels"));
        assertThat(policy.at("/egress/1/ports/0/port").asText()).isEqualTo("http");
    }

    private static JsonNode policy(List<JsonNode> objects) {
        return objects.stream()
                .filter(object -> Chart.kindOf(object).equals("NetworkPolicy"))
                .filter(object -> !object.at("/metadata/name").asText().endsWith("-init"))
                .findFirst()
                .orElseThrow();
    }

    private static List<String> kinds(List<JsonNode> objects) {
        List<String> kinds = new ArrayList<>();
        objects.forEach(object -> kinds.add(Chart.kindOf(object)));
        return kinds;
    }

    private static JsonNode labels(JsonNode object) {
        return object.at("/spec/template/metadata/labels");
    }

    private static boolean matches(JsonNode selector, JsonNode labels) {
        return selector.properties().stream().allMatch(label -> label.getValue().equals(labels.get(label.getKey())));
    }
}
