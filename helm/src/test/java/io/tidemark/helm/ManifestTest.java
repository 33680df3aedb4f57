// SPDX-License-Identifier: Apache-2.0
package io.tidemark.helm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1CronJob;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1Ingress;
import io.kubernetes.client.openapi.models.V1Job;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1ServiceAccount;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Kubernetes accepts every object, and a restricted namespace accepts every pod. */
class ManifestTest {

    private interface Model {
        void validate(JsonElement json) throws IOException;
    }

    /** By apiVersion and kind. All others are not objects of Kubernetes itself. */
    private static final Map<String, Model> MODELS = Map.of(
            "v1 ConfigMap", V1ConfigMap::validateJsonElement,
            "v1 Service", V1Service::validateJsonElement,
            "v1 ServiceAccount", V1ServiceAccount::validateJsonElement,
            "apps/v1 Deployment", V1Deployment::validateJsonElement,
            "batch/v1 Job", V1Job::validateJsonElement,
            "batch/v1 CronJob", V1CronJob::validateJsonElement,
            "policy/v1 PodDisruptionBudget", V1PodDisruptionBudget::validateJsonElement,
            "networking.k8s.io/v1 Ingress", V1Ingress::validateJsonElement,
            "networking.k8s.io/v1 NetworkPolicy", V1NetworkPolicy::validateJsonElement);

    private static final Set<String> FOREIGN = Set.of(
            "gateway.networking.k8s.io/v1 HTTPRoute",
            "external-secrets.io/v1 ExternalSecret",
            "monitoring.coreos.com/v1 PodMonitor",
            "monitoring.coreos.com/v1 PrometheusRule");

    @ParameterizedTest
    @ValueSource(strings = {"minimal", "full", "gitops", "tls", "existing-table"})
    void everyObjectFitsTheModelOfTheApi(String values) throws IOException {
        for (JsonNode object : Chart.render(Chart.ci(values))) {
            if (!FOREIGN.contains(typeOf(object))) {
                validate(object);
            }
        }
    }

    @Test
    void modelRejectsUnknownFieldsAtAnyDepth() {
        JsonNode deployment = Chart.only(Chart.render(Chart.ci("minimal")), "Deployment");
        ((ObjectNode) deployment.at("/spec/template/spec/containers/0/securityContext")).put("runAsNoRoot", true);

        assertThatThrownBy(() -> validate(deployment)).hasMessageContaining("runAsNoRoot");
    }

    /** https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted, and a little more. */
    @ParameterizedTest
    @ValueSource(strings = {"minimal", "full", "gitops", "tls", "existing-table"})
    void everyPodIsRestricted(String values) {
        List<JsonNode> pods = pods(Chart.render(Chart.ci(values)));

        assertThat(pods)
                .hasSize(Set.of("minimal", "existing-table").contains(values) ? 3 : values.equals("full") ? 6 : 4);
        pods.forEach(ManifestTest::assertRestricted);
    }

    private static void assertRestricted(JsonNode pod) {
        for (String namespace : List.of("hostNetwork", "hostPID", "hostIPC")) {
            assertThat(pod.path(namespace).asBoolean(false)).as(namespace).isFalse();
        }
        assertThat(pod.path("automountServiceAccountToken").asBoolean(true)).isFalse();
        assertThat(pod.at("/securityContext/runAsNonRoot").asBoolean()).isTrue();
        assertThat(pod.at("/securityContext/runAsUser").asInt(1)).isPositive();
        assertThat(pod.at("/securityContext/seccompProfile/type").asText()).isEqualTo("RuntimeDefault");
        assertThat(pod.at("/securityContext/sysctls").isMissingNode()).isTrue();
        for (JsonNode volume : pod.path("volumes")) {
            assertThat(Set.of("configMap", "downwardAPI", "emptyDir", "projected", "secret"))
                    .as("%s", volume)
                    .containsAnyElementsOf(names(volume));
        }
        assertThat(pod.path("containers")).isNotEmpty();
        List<JsonNode> containers = new ArrayList<>();
        pod.path("initContainers").forEach(containers::add);
        pod.path("containers").forEach(containers::add);
        for (JsonNode container : containers) {
            JsonNode security = container.path("securityContext");
            assertThat(security.path("allowPrivilegeEscalation").asBoolean(true))
                    .isFalse();
            assertThat(security.path("privileged").asBoolean(false)).isFalse();
            assertThat(security.path("runAsNonRoot").asBoolean()).isTrue();
            assertThat(security.path("readOnlyRootFilesystem").asBoolean()).isTrue();
            assertThat(security.at("/capabilities/drop/0").asText()).isEqualTo("ALL");
            assertThat(security.at("/capabilities/add").isMissingNode()).isTrue();
            assertThat(security.at("/seccompProfile/type").asText()).isEqualTo("RuntimeDefault");
            container
                    .path("ports")
                    .forEach(port -> assertThat(port.has("hostPort")).isFalse());
        }
    }

    /** On a read-only root, every directory that the relay writes to must be a volume. */
    @Test
    void mountsVolumesWhereTheRelayWrites() {
        JsonNode pod =
                Chart.only(Chart.render(Chart.ci("minimal")), "Deployment").at("/spec/template/spec");
        List<String> writable = new ArrayList<>();
        for (JsonNode mount : pod.at("/containers/0/volumeMounts")) {
            if (!mount.path("readOnly").asBoolean(false)) {
                writable.add(mount.path("mountPath").asText());
            }
        }

        assertThat(writable).containsExactlyInAnyOrder("/var/lib/tidemark/spill", "/tmp");
    }

    private static void validate(JsonNode object) throws IOException {
        Model model = MODELS.get(typeOf(object));
        assertThat(model).as("a model for %s", typeOf(object)).isNotNull();
        if (model != null) {
            model.validate(JsonParser.parseString(object.toString()));
        }
    }

    private static String typeOf(JsonNode object) {
        return object.path("apiVersion").asText() + " " + Chart.kindOf(object);
    }

    private static List<JsonNode> pods(List<JsonNode> objects) {
        List<JsonNode> pods = new ArrayList<>();
        for (JsonNode object : objects) {
            JsonNode spec = object.at(
                    Chart.kindOf(object).equals("CronJob")
                            ? "/spec/jobTemplate/spec/template/spec"
                            : "/spec/template/spec");
            if (spec.isObject()) {
                pods.add(spec);
            }
        }
        return pods;
    }

    private static List<String> names(JsonNode object) {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }
}
