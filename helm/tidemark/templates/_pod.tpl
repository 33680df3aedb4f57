{{- /* The common part of the pods of the relay and of the Jobs. */ -}}

{{- define "tidemark.podSecurityContext" -}}
runAsNonRoot: true
{{- if not (or .Values.runAs.fromCluster (kindIs "invalid" .Values.runAs.user)) }}
runAsUser: {{ int64 .Values.runAs.user }}
{{- end }}
{{- if not (or .Values.runAs.fromCluster (kindIs "invalid" .Values.runAs.group)) }}
runAsGroup: {{ int64 .Values.runAs.group }}
fsGroup: {{ int64 .Values.runAs.group }}
fsGroupChangePolicy: OnRootMismatch
{{- end }}
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "tidemark.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "tidemark.podStart" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- include "tidemark.podSecurityContext" . | nindent 2 }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
{{- with .Values.dnsConfig }}
dnsConfig:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.hostAliases }}
hostAliases:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.initContainers }}
initContainers:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- /* In the pods of the Jobs, commands get the relay's share of the memory instead of the small heap of a second process. */ -}}
{{- define "tidemark.env" -}}
{{- with .root }}
{{- if .Values.http.tls.existingSecret }}
- name: TIDEMARK_KEYSTORE_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ .Values.http.tls.passwordSecret }}
      key: {{ .Values.http.tls.passwordSecretKey | quote }}
{{- end }}
{{- if .Values.trustStore.existingConfigMap }}
- name: JAVA_TOOL_OPTIONS
  value: "-Djavax.net.ssl.trustStore=/etc/tidemark/truststore{{ with .Values.trustStore.password }} -Djavax.net.ssl.trustStorePassword={{ . }}{{ end }}"
{{- end }}
{{- with .Values.javaOptions }}
- name: JDK_JAVA_OPTIONS
  value: {{ . | quote }}
{{- end }}
{{- end }}
{{- if .isJob }}
- name: TIDEMARK_COMMAND_JAVA_OPTS
  value: ""
{{- end }}
{{- with .root.Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* Argument: dict "root" $, and "isJob" true for a pod of a Job. */ -}}
{{- define "tidemark.containerStart" -}}
image: {{ include "tidemark.image" .root | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  {{- include "tidemark.containerSecurityContext" .root | nindent 2 }}
{{- with include "tidemark.env" . | trim }}
env:
  {{- . | nindent 2 }}
{{- end }}
{{- with .root.Values.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "tidemark.mounts" -}}
- name: etc
  mountPath: /etc/tidemark
  readOnly: true
- name: spill
  mountPath: /var/lib/tidemark/spill
- name: tmp
  mountPath: /tmp
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* One directory for configuration and secrets. Mounted as a whole (without subPath), so that changes reach the pod.
Argument: dict "root" $, "isHook" true for a hook before install, "administrator" <Secret>. */ -}}
{{- define "tidemark.volumes" -}}
- name: etc
  projected:
    defaultMode: 288 # 0440
    sources:
      {{- if .isHook }}
      # before the first install, the relay's ConfigMap does not exist yet
      - downwardAPI:
          items:
            - path: relay.yml
              fieldRef:
                fieldPath: metadata.annotations['tidemark.io/relay.yml']
      {{- else }}
      - configMap:
          name: {{ include "tidemark.fullname" .root }}
          items:
            - key: relay.yml
              path: relay.yml
      {{- end }}
      {{- with .root.Values.postgres.existingSecret }}
      - secret:
          name: {{ . }}
          {{- if $.isHook }}
          optional: true # so that the Job starts, and its log says what is missing
          {{- end }}
          items:
            - key: {{ $.root.Values.postgres.existingSecretKey | quote }}
              path: postgres/password
      {{- end }}
      {{- with .root.Values.trustStore.existingConfigMap }}
      - configMap:
          name: {{ . }}
          items:
            - key: {{ $.root.Values.trustStore.existingConfigMapKey | quote }}
              path: truststore
      {{- end }}
      {{- with .root.Values.kafka.existingSecret }}
      - secret:
          name: {{ . }}
          {{- if $.isHook }}
          optional: true
          {{- end }}
          items:
            {{- range compact (append ($.root.Values.kafka.existingSecretKeys | default list) $.root.Values.kafka.existingSecretPropertiesKey) }}
            - key: {{ . | quote }}
              path: {{ printf "kafka/%s" . | quote }}
            {{- end }}
      {{- end }}
      {{- with .root.Values.http.existingSecret }}
      - secret:
          name: {{ . }}
          {{- if $.isHook }}
          optional: true
          {{- end }}
          items:
            - key: {{ $.root.Values.http.existingSecretKey | quote }}
              path: http/tokens
      {{- end }}
      {{- with .root.Values.tokens.existingSecret }}
      - secret:
          name: {{ . }}
          {{- if $.isHook }}
          optional: true
          {{- end }}
          items:
            - key: {{ $.root.Values.tokens.existingSecretKey | quote }}
              path: tokens/secrets
      {{- end }}
      {{- with .root.Values.http.tls.existingSecret }}
      - secret:
          name: {{ . }}
          {{- if $.isHook }}
          optional: true
          {{- end }}
          items:
            - key: {{ $.root.Values.http.tls.existingSecretKey | quote }}
              path: http/keystore.p12
            {{- if $.root.Values.http.tls.clientCertificates }}
            - key: truststore.p12
              path: http/truststore.p12
            {{- end }}
      # for helm test
      - secret:
          name: {{ . }}
          optional: true
          items:
            - key: ca.crt
              path: http/ca.crt
            {{- if $.root.Values.http.tls.clientCertificates }}
            - key: tls.crt
              path: http/tls.crt
            - key: tls.key
              path: http/tls.key
            {{- end }}
      {{- end }}
      {{- with .administrator }}
      - secret:
          name: {{ . }}
          {{- if $.isHook }}
          optional: true
          {{- end }}
          items:
            - key: {{ $.root.Values.init.existingSecretKey | quote }}
              path: administrator/password
      {{- end }}
- name: spill
  emptyDir:
    sizeLimit: {{ .root.Values.spill.sizeLimit }}
- name: tmp
  emptyDir:
    sizeLimit: 256Mi
{{- with .root.Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}
