{{- /*
The relay's own configuration file. Integers go through int64: Helm reads 1000000 as a float and would print 1e+06,
which the relay refuses.
*/ -}}
{{- define "tidemark.config" -}}
postgres:
  url: {{ .Values.postgres.url | quote }}
  user: {{ .Values.postgres.user | quote }}
  {{- if .Values.postgres.existingSecret }}
  passwordFile: /etc/tidemark/postgres/password
  {{- else if .Values.postgres.passwordFile }}
  passwordFile: {{ .Values.postgres.passwordFile | quote }}
  {{- end }}
  slot: {{ .Values.postgres.slot | quote }}
  publication: {{ .Values.postgres.publication | quote }}
  {{- with .Values.postgres.replicas }}
  replicas:
    {{- range . }}
    - name: {{ .name | quote }}
      url: {{ .url | quote }}
    {{- end }}
  {{- end }}
kafka:
  bootstrapServers: {{ .Values.kafka.bootstrapServers | quote }}
  {{- if .Values.kafka.properties }}
  properties:
    {{- range $name, $value := .Values.kafka.properties }}
    {{ $name | quote }}: {{ $value | quote }}
    {{- end }}
  {{- end }}
  {{- if .Values.kafka.existingSecretPropertiesKey }}
  propertiesFile: /etc/tidemark/kafka/{{ .Values.kafka.existingSecretPropertiesKey }}
  {{- else if .Values.kafka.propertiesFile }}
  propertiesFile: {{ .Values.kafka.propertiesFile | quote }}
  {{- end }}
  topics:
    autoCreate: {{ .Values.kafka.topics.autoCreate }}
    partitions: {{ int64 .Values.kafka.topics.partitions }}
    replicationFactor: {{ int64 .Values.kafka.topics.replicationFactor }}
outbox:
  {{- with .Values.outbox.preset }}
  preset: {{ . | quote }}
  {{- end }}
  {{- with .Values.outbox.table }}
  table: {{ . | quote }}
  {{- end }}
  {{- with .Values.outbox.columns }}
  columns:
    {{- range $name, $column := . }}
    {{ $name }}: {{ $column | quote }}
    {{- end }}
  {{- end }}
  {{- with .Values.outbox.additionalHeaders }}
  additionalHeaders:
    {{- range $name, $column := . }}
    {{ $name | quote }}: {{ $column | quote }}
    {{- end }}
  {{- end }}
  {{- if eq .Values.outbox.preset "tidemark" }}
  retention: {{ .Values.outbox.retention | quote }}
  {{- end }}
{{- with .Values.routes }}
routes:
  {{- range . }}
  - aggregateType: {{ .aggregateType | quote }}
    topic: {{ .topic | quote }}
    {{- if hasKey . "tombstones" }}
    tombstones: {{ .tombstones }}
    {{- end }}
    {{- if hasKey . "onPoison" }}
    onPoison: {{ .onPoison | quote }}
    {{- end }}
  {{- end }}
{{- end }}
headers: {{ .Values.headers | quote }}
{{- with .Values.projections }}
projections:
  {{- range . }}
  - name: {{ .name | quote }}
    {{- if hasKey . "group" }}
    group: {{ .group | quote }}
    {{- end }}
    {{- if hasKey . "stalledAfter" }}
    stalledAfter: {{ .stalledAfter | quote }}
    {{- end }}
    {{- if hasKey . "visibleAfter" }}
    visibleAfter: {{ .visibleAfter | quote }}
    {{- end }}
    topics:
      {{- range .topics }}
      - {{ . | quote }}
      {{- end }}
  {{- end }}
{{- end }}
watermark:
  maxWait: {{ .Values.watermark.maxWait | quote }}
  maxWaiters: {{ int64 .Values.watermark.maxWaiters }}
  {{- with .Values.watermark.maxWaitersPerProjection }}
  maxWaitersPerProjection: {{ int64 . }}
  {{- end }}
limits:
  transactionBytes: {{ .Values.limits.transactionBytes | quote }}
  batchEvents: {{ int64 .Values.limits.batchEvents }}
  spillDirectory: /var/lib/tidemark/spill
{{- if .Values.http.existingSecret }}
http:
  bearerTokenFile: /etc/tidemark/http/tokens
{{- end }}
{{- if .Values.tokens.existingSecret }}
tokens:
  secretFile: /etc/tidemark/tokens/secrets
{{- end }}
{{- with .Values.console }}
{{- if .enabled }}
console:
  enabled: true
  {{- if .peers }}
  peers:
    {{- range .peers }}
    - {{ . | quote }}
    {{- end }}
  {{- else if not $.Values.http.tls.existingSecret }}
  peers: [{{ printf "%s-replicas:%s" (include "tidemark.fullname" $) (include "tidemark.containerPort" $) | quote }}]
  {{- end }}
  {{- if or .links.runbook .links.grafana }}
  links:
    {{- with .links.runbook }}
    runbook: {{ . | quote }}
    {{- end }}
    {{- with .links.grafana }}
    grafana: {{ . | quote }}
    {{- end }}
  {{- end }}
{{- end }}
{{- end }}
{{- if .Values.http.tls.existingSecret }}
server:
  applicationConnectors:
    - type: https
      port: 8443
      keyStorePath: /etc/tidemark/http/keystore.p12
      keyStorePassword: "${TIDEMARK_KEYSTORE_PASSWORD}"
      {{- if .Values.http.tls.clientCertificates }}
      needClientAuth: true
      trustStorePath: /etc/tidemark/http/truststore.p12
      trustStorePassword: "${TIDEMARK_KEYSTORE_PASSWORD}"
      {{- end }}
  adminConnectors: [{type: http, port: 8081}]
  requestLog: {appenders: []}
{{- end }}
{{- if or .Values.logging.level .Values.logging.json }}
logging:
  {{- if .Values.logging.level }}
  level: {{ .Values.logging.level }}
  {{- with .Values.logging.loggers }}
  loggers:
    {{- range $logger, $level := . }}
    {{ $logger | quote }}: {{ $level }}
    {{- end }}
  {{- end }}
  {{- else }}
  # the relay's default, which applies only without `logging:`
  level: WARN
  loggers: {io.tidemark: INFO, io.debezium.snapshot: ERROR, org.apache.kafka.clients.NetworkClient: ERROR}
  {{- end }}
  {{- if .Values.logging.json }}
  appenders: [{type: console, layout: {type: json}}]
  {{- end }}
{{- end }}
{{- end -}}
