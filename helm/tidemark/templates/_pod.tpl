{{- /* The common part of the pods of the relay and of the Jobs. Argument: dict "root" $ "config" <name of the ConfigMap>. */ -}}

{{- define "tidemark.podSecurityContext" -}}
runAsNonRoot: true
{{- if not (kindIs "invalid" .Values.runAs.user) }}
runAsUser: {{ int64 .Values.runAs.user }}
{{- end }}
{{- if not (kindIs "invalid" .Values.runAs.group) }}
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
{{- with .Values.serviceAccountName }}
serviceAccountName: {{ . }}
{{- end }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- include "tidemark.podSecurityContext" . | nindent 2 }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
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

{{- define "tidemark.env" -}}
- name: JDK_JAVA_OPTIONS
  value: {{ .Values.javaOptions | quote }}
{{- if .Values.http.tls.existingSecret }}
- name: TIDEMARK_KEYSTORE_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ .Values.http.tls.passwordSecret }}
      key: {{ .Values.http.tls.passwordSecretKey | quote }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "tidemark.containerStart" -}}
image: {{ include "tidemark.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  {{- include "tidemark.containerSecurityContext" . | nindent 2 }}
env:
  {{- include "tidemark.env" . | nindent 2 }}
{{- with .Values.extraEnvFrom }}
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

{{- /* One directory for configuration and secrets. Mounted as a whole (without subPath), so that changes reach the pod. */ -}}
{{- define "tidemark.volumes" -}}
- name: etc
  projected:
    defaultMode: 288 # 0440
    sources:
      - configMap:
          name: {{ .config }}
          items:
            - key: relay.yml
              path: relay.yml
      - secret:
          name: {{ .root.Values.postgres.existingSecret }}
          items:
            - key: {{ .root.Values.postgres.existingSecretKey | quote }}
              path: postgres/password
      {{- with .root.Values.kafka.existingSecret }}
      - secret:
          name: {{ . }}
          items:
            {{- range compact (append ($.root.Values.kafka.existingSecretKeys | default list) $.root.Values.kafka.existingSecretPropertiesKey) }}
            - key: {{ . | quote }}
              path: {{ printf "kafka/%s" . | quote }}
            {{- end }}
      {{- end }}
      {{- with .root.Values.http.existingSecret }}
      - secret:
          name: {{ . }}
          items:
            - key: {{ $.root.Values.http.existingSecretKey | quote }}
              path: http/tokens
      {{- end }}
      {{- with .root.Values.http.tls.existingSecret }}
      - secret:
          name: {{ . }}
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
