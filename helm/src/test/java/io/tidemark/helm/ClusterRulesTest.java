// SPDX-License-Identifier: Apache-2.0
package io.tidemark.helm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the rules of a cluster ask for: networks, time limits, owners, what is left behind. */
class ClusterRulesTest {

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path directory;

    /**
     * From the moment at which a process hangs until a standby publishes: the probe, the kubelet's wait for the
     * preStop command and two more seconds that it grants, and five seconds for a takeover.
     */
    @Test
    void replacesAHungPodWithin35Seconds() {
        JsonNode pod =
                Chart.only(Chart.render(Chart.ci("minimal")), "Deployment").at("/spec/template/spec");
        JsonNode liveness = pod.at("/containers/0/livenessProbe");
        int untilFailure = liveness.path("failureThreshold").asInt()
                        * liveness.path("periodSeconds").asInt()
                + liveness.path("timeoutSeconds").asInt();
        int untilKilled = liveness.path("terminationGracePeriodSeconds")
                        .asInt(pod.path("terminationGracePeriodSeconds").asInt())
                + 2;
        int takeover = 5;

        assertThat(untilFailure + untilKilled + takeover).isLessThanOrEqualTo(35);
        assertThat(untilFailure).as("a slow pod answers in time").isGreaterThanOrEqualTo(20);
        assertThat(pod.path("terminationGracePeriodSeconds").asInt())
                .as("an orderly stop still gets its time")
                .isEqualTo(75);
    }

    @Test
    void startsToProbeAfterTheJvmIsUp() {
        JsonNode startup = Chart.only(Chart.render(Chart.ci("minimal")), "Deployment")
                .at("/spec/template/spec/containers/0/startupProbe");

        assertThat(startup.path("initialDelaySeconds").asInt()).isPositive();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "jdbc:postgresql://db/shop                                              | kafka:9092         | 5432 | 9092",
                "jdbc:postgresql://a:6432,b,c:7432/shop?targetServerType=primary        | a:9093,b:9094      |"
                        + " 6432,5432,7432 | 9093,9094",
                "jdbc:postgresql://[fd00::1]:6432/shop                                  | [fd00::2]:9093     | 6432 | 9093",
                "jdbc:postgresql://[fd00::1]/shop                                       | kafka:9092         | 5432 | 9092",
                "jdbc:postgresql://${PG:-db}:6432/shop                                  | ${K:-kafka}:9093   | 6432 | 9093",
            })
    void networkPolicyAllowsThePortsOfTheUrls(String url, String brokers, String postgres, String kafka)
            throws IOException {
        List<JsonNode> objects = Chart.renderWith(directory, """
                postgres: {url: '%s'}
                kafka: {bootstrapServers: '%s'}
                networkPolicy: {enabled: true}
                """.formatted(url, brokers), Chart.ci("minimal"));
        JsonNode egress = Chart.only(objects, "NetworkPolicy").at("/spec/egress");

        assertThat(String.join(",", egress.get(2).path("ports").findValuesAsText("port")))
                .isEqualTo(postgres);
        assertThat(String.join(",", egress.get(3).path("ports").findValuesAsText("port")))
                .isEqualTo(kafka);
    }

    @Test
    void networkPolicyAllowsThePortsOfStandbys() throws IOException {
        List<JsonNode> objects = Chart.renderWith(directory, """
                postgres: {replicas: [{name: eu, url: 'jdbc:postgresql://eu:6432/shop'}]}
                networkPolicy: {enabled: true}
                """, Chart.ci("minimal"));

        assertThat(Chart.only(objects, "NetworkPolicy")
                        .at("/spec/egress/2/ports")
                        .findValuesAsText("port"))
                .containsExactly("5432", "6432");
    }

    /** Pods of OpenShift's DNS listen on 5353. A policy sees the port of the pod, not that of the Service. */
    @Test
    void networkPolicyAllowsDnsOfOpenShift() {
        JsonNode dns = Chart.render(Chart.ci("tls")).stream()
                .filter(object -> Chart.kindOf(object).equals("NetworkPolicy"))
                .findFirst()
                .orElseThrow()
                .at("/spec/egress/0/ports");

        assertThat(dns.findValuesAsText("port")).contains("53", "5353");
    }

    /** The release's own policy is made after the hook has run. */
    @Test
    void initHookHasItsOwnNetworkPolicyBeforeItRuns() {
        List<JsonNode> objects = Chart.render(Chart.ci("tls"));
        JsonNode job = Chart.job(objects, "init");
        JsonNode policy = objects.stream()
                .filter(object -> Chart.kindOf(object).equals("NetworkPolicy"))
                .filter(object -> object.at("/metadata/annotations").has("was/hook"))
                .findFirst()
                .orElseThrow();

        assertThat(weight(policy)).isLessThan(weight(job));
        policy.at("/spec/podSelector/matchLabels")
                .properties()
                .forEach(label -> assertThat(job.at("/spec/template/metadata/labels")
                                .path(label.getKey())
                                .asText())
                        .isEqualTo(label.getValue().asText()));
        assertThat(policy.at("/spec/egress")).isNotEmpty();
    }

    private static int weight(JsonNode hook) {
        return hook.at("/metadata/annotations/helm.sh~1hook-weight").asInt();
    }

    /** Helm does not delete hooks at an uninstall. So each is deleted when it has succeeded, or by Kubernetes later. */
    @Test
    void noHookOutlivesTheReleaseForLong() {
        List<JsonNode> hooks = Chart.render(Chart.ci("full")).stream()
                .filter(object -> object.at("/metadata/annotations").has("was/hook"))
                .toList();

        assertThat(hooks).hasSize(5);
        for (JsonNode hook : hooks) {
            assertThat(hook.at("/metadata/annotations/helm.sh~1hook-delete-policy")
                            .asText())
                    .isEqualTo("before-hook-creation,hook-succeeded");
            if (Chart.kindOf(hook).equals("Job")) { // the only kind that can fail
                assertThat(hook.at("/spec/ttlSecondsAfterFinished").asInt()).isEqualTo(3600);
            }
        }
    }

    /** A missing Secret keeps a pod from starting, and Helm reports only that the time is over. */
    @Test
    void initHookStartsWithoutItsSecretsSoThatItsLogNamesThem() {
        JsonNode sources =
                Chart.job(Chart.render(Chart.ci("full")), "init").at("/spec/template/spec/volumes/0/projected/sources");

        assertThat(sources.findValues("secret"))
                .hasSize(5)
                .allMatch(secret -> secret.path("optional").asBoolean());
        assertThat(Chart.job(Chart.render(Chart.ci("gitops")), "init")
                        .at("/spec/template/spec/volumes/0/projected/sources")
                        .findValues("secret"))
                .as("a plain Job waits for Secrets that another tool creates")
                .noneMatch(secret -> secret.path("optional").asBoolean());
    }

    @Test
    void everyObjectHasTheCommonLabelsAndAnnotations() {
        for (JsonNode object : Chart.render(Chart.ci("full"))) {
            if (object.at("/metadata/name").asText().equals("shop-extra")) {
                continue; // not the chart's
            }
            String name =
                    Chart.kindOf(object) + " " + object.at("/metadata/name").asText();
            assertThat(object.at("/metadata/labels/example.com~1owner").asText())
                    .as(name)
                    .isEqualTo("shop");
            assertThat(object.at("/metadata/annotations/example.com~1contact").asText())
                    .as(name)
                    .isEqualTo("shop@example.com");
        }
    }

    @Test
    void everyPodHasTheLabelsOfThePodAndTheCommonOnes() {
        List<JsonNode> templates = new ArrayList<>();
        for (JsonNode object : Chart.render(Chart.ci("full"))) {
            for (String path : List.of("/spec/template", "/spec/jobTemplate/spec/template")) {
                if (object.at(path).isObject()) {
                    templates.add(object.at(path + "/metadata/labels"));
                }
            }
        }

        assertThat(templates).hasSize(6).allSatisfy(labels -> {
            assertThat(labels.path("team").asText()).isEqualTo("shop");
            assertThat(labels.path("example.com/owner").asText()).isEqualTo("shop");
            assertThat(labels.path("app.kubernetes.io/component").asText()).isNotEmpty();
        });
    }

    @Test
    void clusterDecidesAboutUserAndGroup() {
        for (JsonNode object : Chart.render(Chart.ci("gitops"))) {
            assertThat(object.findValues("runAsUser")).isEmpty();
            assertThat(object.findValues("runAsGroup")).isEmpty();
            assertThat(object.findValues("fsGroup")).isEmpty();
        }
    }

    @Test
    void commandsHaveTheRelaysFilesAndTheirOwnMemory() {
        List<JsonNode> objects = Chart.render(Chart.ci("full"));
        JsonNode relay = Chart.only(objects, "Deployment").at("/spec/template/spec");
        List<JsonNode> commands = objects.stream()
                .filter(object -> Chart.kindOf(object).equals("CronJob"))
                .toList();

        assertThat(commands)
                .extracting(command -> command.at("/metadata/name").asText())
                .containsExactly("shop-relay-command", "shop-relay-audit");
        assertThat(commands.get(0).at("/spec/suspend").asBoolean()).isTrue();
        assertThat(commands.get(1).at("/spec/suspend").asBoolean()).isFalse();
        assertThat(commands.get(1).at("/spec/schedule").asText()).isEqualTo("0 3 * * *");
        for (JsonNode command : commands) {
            JsonNode pod = command.at("/spec/jobTemplate/spec/template/spec");
            assertThat(pod.path("volumes")).isEqualTo(relay.path("volumes"));
            assertThat(pod.at("/containers/0/volumeMounts")).isEqualTo(relay.at("/containers/0/volumeMounts"));
            assertThat(pod.at("/containers/0/resources/limits/memory").asText()).isEqualTo("512Mi");
            assertThat(pod.at("/containers/0/env").toString())
                    .contains("{\"name\":\"TIDEMARK_COMMAND_JAVA_OPTS\",\"value\":\"\"}");
            assertThat(pod.path("restartPolicy").asText()).isEqualTo("Never");
        }
        assertThat(commands.get(0)
                        .at("/spec/jobTemplate/spec/template/spec/containers/0/command/0")
                        .asText())
                .isEqualTo("sleep");
        assertThat(commands.get(1).at("/spec/jobTemplate/spec/template/spec/containers/0/args"))
                .extracting(JsonNode::asText)
                .containsExactly("audit", "/etc/tidemark/relay.yml");
    }

    @Test
    void podsHaveWhatTheValuesOfThePodSay() {
        List<JsonNode> objects = Chart.render(Chart.ci("full"));
        JsonNode pod = Chart.only(objects, "Deployment").at("/spec/template/spec");

        assertThat(pod.path("runtimeClassName").asText()).isEqualTo("gvisor");
        assertThat(pod.at("/dnsConfig/options/0/value").asText()).isEqualTo("2");
        assertThat(pod.at("/hostAliases/0/ip").asText()).isEqualTo("10.0.0.7");
        assertThat(pod.at("/initContainers/0/name").asText()).isEqualTo("wait-for-network");
        assertThat(pod.path("containers").findValuesAsText("image"))
                .hasSize(2)
                .contains("registry.example.com/proxy:1");
        assertThat(pod.path("serviceAccountName").asText()).isEqualTo("relay");
        JsonNode init = Chart.job(objects, "init").at("/spec/template/spec");
        assertThat(init.at("/initContainers/0/name").asText()).isEqualTo("wait-for-network");
        assertThat(init.path("containers"))
                .as("a sidecar would keep the Job from ending")
                .hasSize(1);
    }

    @Test
    void serviceAccountIsCreatedAlsoForTheHookThatRunsBefore() throws IOException {
        List<JsonNode> objects = Chart.render(Chart.ci("full"));
        List<JsonNode> accounts = objects.stream()
                .filter(object -> Chart.kindOf(object).equals("ServiceAccount"))
                .toList();

        assertThat(accounts)
                .extracting(account -> account.at("/metadata/name").asText())
                .containsExactlyInAnyOrder("relay", "shop-relay-init");
        assertThat(accounts)
                .allSatisfy(account -> assertThat(account.at("/metadata/annotations/example.com~1identity")
                                .asText())
                        .isEqualTo("relay"));
        assertThat(Chart.job(objects, "init")
                        .at("/spec/template/spec/serviceAccountName")
                        .asText())
                .isEqualTo("shop-relay-init");
        List<JsonNode> unnamed = Chart.renderWith(directory, "serviceAccount: {create: true}", Chart.ci("minimal"));
        assertThat(Chart.only(unnamed, "Deployment")
                        .at("/spec/template/spec/serviceAccountName")
                        .asText())
                .isEqualTo("shop-tidemark");
    }

    @Test
    void servicesHaveTheFamiliesAndTheLoadBalancerItsOptions() {
        List<JsonNode> services = Chart.render(Chart.ci("full")).stream()
                .filter(object -> Chart.kindOf(object).equals("Service"))
                .map(service -> service.path("spec"))
                .toList();

        assertThat(services).hasSize(3).allSatisfy(spec -> {
            assertThat(spec.path("ipFamilyPolicy").asText()).isEqualTo("PreferDualStack");
            assertThat(spec.at("/ipFamilies/0").asText()).isEqualTo("IPv6");
        });
        assertThat(services)
                .filteredOn(spec -> spec.has("loadBalancerSourceRanges"))
                .hasSize(1);
        JsonNode api = services.get(0);
        assertThat(api.path("loadBalancerClass").asText()).isEqualTo("example.com/internal");
        assertThat(api.path("externalTrafficPolicy").asText()).isEqualTo("Local");
    }

    @Test
    void routeAndMonitorHaveTheirOptions() {
        List<JsonNode> objects = Chart.render(Chart.ci("full"));
        JsonNode endpoint = Chart.only(objects, "PodMonitor").at("/spec/podMetricsEndpoints/0");

        assertThat(Chart.only(objects, "HTTPRoute")
                        .at("/spec/rules/0/timeouts/request")
                        .asText())
                .isEqualTo("40s");
        assertThat(endpoint.path("scrapeTimeout").asText()).isEqualTo("10s");
        assertThat(endpoint.at("/relabelings/0/targetLabel").asText()).isEqualTo("team");
        assertThat(endpoint.at("/metricRelabelings/0/action").asText()).isEqualTo("labeldrop");
    }

    @Test
    void nothingIsAddedUnlessAValueAsksForIt() {
        for (JsonNode object : Chart.render(Chart.ci("minimal"))) {
            for (String key : Set.of(
                    "initContainers",
                    "dnsConfig",
                    "hostAliases",
                    "runtimeClassName",
                    "serviceAccountName",
                    "ipFamilyPolicy",
                    "ipFamilies",
                    "priorityClassName")) {
                assertThat(object.findValues(key)).as(key).isEmpty();
            }
            assertThat(object.at("/spec/template/spec/containers").size()).isLessThanOrEqualTo(1);
        }
    }
}
