{{/* The configuration file: what other values say, and `config` over it. */}}
{{- define "spillway.config" -}}
{{- $config := dict
  "lease" (dict "name" (include "spillway.leaseName" .) "namespace" .Release.Namespace)
  "http" (dict "host" "0.0.0.0" "port" 8080) }}
{{- if .Values.clusterWide }}
{{- if .Values.namespaces }}
{{- fail "Write namespaces or clusterWide: true, not both." }}
{{- end }}
{{- $_ := set $config "namespaces" "all" }}
{{- else }}
{{- $_ := set $config "namespaces" (include "spillway.namespaces" . | fromJsonArray) }}
{{- end }}
{{- with .Values.externalMetrics }}
{{- if .enabled }}
{{- $served := dict
  "enabled" true
  "port" (int .port)
  "service" (dict "name" (include "spillway.fullname" $) "namespace" $.Release.Namespace) }}
{{- if .existingSecret }}
{{- $_ := set $served "certDir" "/etc/spillway-external-metrics" }}
{{- end }}
{{- $_ := set $config "externalMetrics" $served }}
{{- end }}
{{- end }}
{{- toYaml (mergeOverwrite $config (deepCopy .Values.config)) }}
{{- end }}
