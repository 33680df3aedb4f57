{{- /* Rules that the schema cannot express well. Each message names the value and the correction. All are reported at once. */ -}}
{{- define "tidemark.check" -}}
{{- $wrong := list -}}
{{- if not .Values.postgres.url -}}
{{- $wrong = append $wrong "postgres.url is missing: set it to the JDBC URL of the primary, for example jdbc:postgresql://db.example.com:5432/shop" -}}
{{- end -}}
{{- $ways := compact (list .Values.postgres.existingSecret .Values.postgres.passwordFile (ternary "none" "" .Values.postgres.withoutPassword)) -}}
{{- if not $ways -}}
{{- $wrong = append $wrong (printf "postgres.existingSecret is missing: create a Secret with the password of %s under the key %s, and set postgres.existingSecret to its name; or set postgres.passwordFile or postgres.withoutPassword" .Values.postgres.user .Values.postgres.existingSecretKey) -}}
{{- else if gt (len $ways) 1 -}}
{{- $wrong = append $wrong "postgres.existingSecret, postgres.passwordFile and postgres.withoutPassword exclude each other: keep one of them" -}}
{{- end -}}
{{- if not .Values.enabled -}}
{{- $wrong = append $wrong "enabled is false, but only the condition of an umbrella chart can leave this chart out: add `condition: tidemark.enabled` to the dependency in its Chart.yaml, or set enabled to true" -}}
{{- end -}}
{{- $fixed := list "app.kubernetes.io/name" "app.kubernetes.io/instance" "app.kubernetes.io/component" "app.kubernetes.io/version" "app.kubernetes.io/part-of" "app.kubernetes.io/managed-by" "helm.sh/chart" -}}
{{- range $value, $labels := dict "podLabels" .Values.podLabels "commonLabels" .Values.commonLabels -}}
{{- range $label, $ignored := $labels -}}
{{- if has $label $fixed -}}
{{- $wrong = append $wrong (printf "%s sets %s, which the chart sets itself: remove it there" $value $label) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $annotation := list "checksum/config" "tidemark.io/relay.yml" -}}
{{- if hasKey $.Values.podAnnotations $annotation -}}
{{- $wrong = append $wrong (printf "podAnnotations sets %s, which the chart sets itself: remove it there" $annotation) -}}
{{- end -}}
{{- end -}}
{{- if not .Values.kafka.bootstrapServers -}}
{{- $wrong = append $wrong "kafka.bootstrapServers is missing: set it to the brokers, for example kafka-1.example.com:9092,kafka-2.example.com:9092" -}}
{{- end -}}
{{- if not .Values.image.repository -}}
{{- $wrong = append $wrong "image.repository is missing: no image is published yet; build one (docs/kubernetes.md), push it, and set image.repository to its repository" -}}
{{- end -}}
{{- $query := regexFind "\\?.*" .Values.postgres.url -}}
{{- if regexMatch "[?&](user|password)=" $query -}}
{{- $wrong = append $wrong "postgres.url sets user or password: set postgres.user and postgres.existingSecret instead" -}}
{{- end -}}
{{- if regexMatch "[?&]sslpassword=([^$&]|\\$[^{])" $query -}}
{{- $wrong = append $wrong "postgres.url holds an sslpassword, which would be in a ConfigMap: write sslpassword=${PG_SSL_PASSWORD} and set that variable under extraEnv from a Secret" -}}
{{- end -}}
{{- if and (contains "," (regexFind "//[^/]*" .Values.postgres.url)) (not (regexMatch "[?&]targetServerType=primary(&|$)" $query)) -}}
{{- $wrong = append $wrong "postgres.url names several hosts: add targetServerType=primary to its parameters" -}}
{{- end -}}
{{- range $name, $value := .Values.kafka.properties -}}
{{- if and (regexMatch "(?i)(password|jaas\\.config|secret|\\.key$|credential)" $name) $value (not (contains "${" $value)) -}}
{{- $wrong = append $wrong (printf "kafka.properties.%s would put a secret into a ConfigMap: move it to the file of kafka.existingSecretPropertiesKey, or write the secret part as ${KAFKA_PASSWORD} and set that variable under extraEnv from a Secret" $name) -}}
{{- end -}}
{{- end -}}
{{- $names := list -}}
{{- range .Values.projections -}}
{{- if has .name $names -}}
{{- $wrong = append $wrong (printf "projections has the name %s twice: give each projection a different name" .name) -}}
{{- end -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- if and .Values.logging.loggers (not .Values.logging.level) -}}
{{- $wrong = append $wrong "logging.loggers is set without logging.level: set logging.level too, for example to WARN" -}}
{{- end -}}
{{- $kafkaKeys := compact (append (.Values.kafka.existingSecretKeys | default list) .Values.kafka.existingSecretPropertiesKey) -}}
{{- if and .Values.kafka.existingSecret (not $kafkaKeys) -}}
{{- $wrong = append $wrong "kafka.existingSecretKeys is empty: list the keys of kafka.existingSecret to mount below /etc/tidemark/kafka/, or set kafka.existingSecretPropertiesKey" -}}
{{- end -}}
{{- if has .Values.kafka.existingSecretPropertiesKey (.Values.kafka.existingSecretKeys | default list) -}}
{{- $wrong = append $wrong "kafka.existingSecretPropertiesKey is also in kafka.existingSecretKeys: remove it there, it is mounted with them" -}}
{{- end -}}
{{- if and $kafkaKeys (not .Values.kafka.existingSecret) -}}
{{- $wrong = append $wrong "kafka.existingSecret is missing: kafka.existingSecretKeys and kafka.existingSecretPropertiesKey name keys of it" -}}
{{- end -}}
{{- if and .Values.kafka.existingSecretPropertiesKey .Values.kafka.propertiesFile -}}
{{- $wrong = append $wrong "kafka.existingSecretPropertiesKey and kafka.propertiesFile are both set: keep one of them" -}}
{{- end -}}
{{- if and .Values.http.tls.existingSecret (not .Values.http.tls.passwordSecret) -}}
{{- $wrong = append $wrong "http.tls.passwordSecret is missing: set it to the name of a Secret with the password of the key store in http.tls.existingSecret" -}}
{{- end -}}
{{- if and .Values.http.tls.passwordSecret (not .Values.http.tls.existingSecret) -}}
{{- $wrong = append $wrong "http.tls.existingSecret is missing: http.tls.passwordSecret holds the password of a key store; set http.tls.existingSecret to the Secret that has it" -}}
{{- end -}}
{{- if and .Values.http.tls.clientCertificates (not .Values.http.tls.existingSecret) -}}
{{- $wrong = append $wrong "http.tls.existingSecret is missing: without TLS, clients cannot present a certificate; set it, or set http.tls.clientCertificates to false" -}}
{{- end -}}
{{- if and .Values.init.enabled .Values.init.existingSecret .Values.init.passwordFile -}}
{{- $wrong = append $wrong "init.existingSecret and init.passwordFile are both set: keep one of them" -}}
{{- end -}}
{{- if and .Values.init.enabled .Values.init.user (not (or .Values.init.existingSecret .Values.init.passwordFile)) -}}
{{- $wrong = append $wrong (printf "init.existingSecret is missing: set it to the name of a Secret with the password of %s under the key %s" .Values.init.user .Values.init.existingSecretKey) -}}
{{- end -}}
{{- if and .Values.init.enabled (or .Values.init.existingSecret .Values.init.passwordFile) (not .Values.init.user) -}}
{{- $wrong = append $wrong "init.user is missing: init.existingSecret or init.passwordFile holds the password of an administrator; set init.user to its name" -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) -}}
{{- $wrong = append $wrong "ingress.hosts is empty: list the host names that lead to the API" -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) -}}
{{- $wrong = append $wrong "httpRoute.parentRefs is empty: name the gateway, for example [{name: public, namespace: gateways}]" -}}
{{- end -}}
{{- if .Values.networkPolicy.enabled -}}
{{- range $kind, $where := dict "postgresPorts" "postgres.url and postgres.replicas" "kafkaPorts" "kafka.bootstrapServers" -}}
{{- $listed := list -}}
{{- range index $.Values.networkPolicy $kind -}}{{- $listed = append $listed (int64 .) -}}{{- end -}}
{{- range include (printf "tidemark.%s" $kind) $ | fromJsonArray -}}
{{- if and (eq (int64 .) 0) (not $listed) -}}
{{- $wrong = append $wrong (printf "networkPolicy.%s is empty, and %s has a host without a port, or takes it from a variable: list the ports" $kind $where) -}}
{{- else if and $listed (ne (int64 .) 0) (not (has (int64 .) $listed)) -}}
{{- $wrong = append $wrong (printf "networkPolicy.%s lacks %d, which %s uses: add it, or leave the list empty" $kind (int64 .) $where) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if .Values.trustStore.existingConfigMap -}}
{{- range .Values.extraEnv -}}
{{- if eq .name "JAVA_TOOL_OPTIONS" -}}
{{- $wrong = append $wrong "extraEnv sets JAVA_TOOL_OPTIONS, which trustStore.existingConfigMap sets too: use javaOptions instead" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $scheduled := list "command" "init" "check" "status" -}}
{{- range .Values.commands.scheduled -}}
{{- if has .name $scheduled -}}
{{- $wrong = append $wrong (printf "commands.scheduled has the name %s, which another object has already: choose another name" .name) -}}
{{- end -}}
{{- $scheduled = append $scheduled .name -}}
{{- end -}}
{{- if not .Values.extraEnvFrom -}}
{{- $set := list "TIDEMARK_KEYSTORE_PASSWORD" -}}
{{- range .Values.extraEnv -}}{{- $set = append $set .name -}}{{- end -}}
{{- range (regexFindAll "\\$?\\$\\{[^}:]+\\}" (include "tidemark.config" .) -1 | uniq) -}}
{{- $variable := trimSuffix "}" (trimPrefix "${" .) -}}
{{- if and (not (hasPrefix "$$" .)) (not (has $variable $set)) -}}
{{- $wrong = append $wrong (printf "extraEnv does not set %s, which the configuration uses: add it to extraEnv, or give it a default, ${%s:-…}" $variable $variable) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if $wrong -}}
{{- fail (printf "\n\n  %s\n" (join "\n  " $wrong)) -}}
{{- end -}}
{{- end -}}
