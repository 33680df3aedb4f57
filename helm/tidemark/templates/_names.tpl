{{- define "tidemark.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- /* At most 40 characters: with the appended parts, including a hash, it must fit into 63. */ -}}
{{- define "tidemark.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "tidemark.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "tidemark.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "tidemark.commonSelector" -}}
app.kubernetes.io/name: {{ include "tidemark.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- /* Selects only the relay's pods. The pods of the Jobs must not be behind the Service. */ -}}
{{- define "tidemark.selector" -}}
{{ include "tidemark.commonSelector" . }}
app.kubernetes.io/component: relay
{{- end -}}

{{- define "tidemark.labels" -}}
{{ include "tidemark.commonSelector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: tidemark
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name (.Chart.Version | replace "+" "_") }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* Argument: list $ <component>. */ -}}
{{- define "tidemark.podLabels" -}}
{{- $root := index . 0 -}}
{{- $component := dict "app.kubernetes.io/component" (index . 1) -}}
{{- toYaml (merge (dict) $component (include "tidemark.labels" $root | fromYaml) $root.Values.podLabels) -}}
{{- end -}}

{{- /* The key annotations, with those of all objects, or nothing. Argument: list $ <annotations of the object>. */ -}}
{{- define "tidemark.annotations" -}}
{{- with merge (dict) (index . 1) (index . 0).Values.commonAnnotations -}}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end -}}
{{- end -}}

{{- /* For the hooks before install and upgrade. Argument: the weight. */ -}}
{{- define "tidemark.initHook" -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}

{{- define "tidemark.testHook" -}}
helm.sh/hook: test
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}

{{- define "tidemark.serviceAccount" -}}
{{- .Values.serviceAccountName | default (ternary (include "tidemark.fullname" .) "" .Values.serviceAccount.create) -}}
{{- end -}}

{{- /* The scheme of the API's URL, and the name of its port. */ -}}
{{- define "tidemark.scheme" -}}
{{- ternary "https" "http" (not (empty .Values.http.tls.existingSecret)) -}}
{{- end -}}

{{- define "tidemark.containerPort" -}}
{{- ternary 8443 8080 (not (empty .Values.http.tls.existingSecret)) -}}
{{- end -}}

{{- define "tidemark.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}
