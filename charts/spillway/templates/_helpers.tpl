{{- define "spillway.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Names of objects: short enough for what is added to them. */}}
{{- define "spillway.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{/* Objects of the whole cluster carry the namespace: two releases of one name may stand in two namespaces. */}}
{{- define "spillway.clusterName" -}}
{{- $name := include "spillway.fullname" . }}
{{- if eq $name .Release.Namespace }}{{ $name }}{{ else }}{{ printf "%s-%s" .Release.Namespace $name }}{{ end }}
{{- end }}

{{- define "spillway.selectorLabels" -}}
app.kubernetes.io/name: {{ include "spillway.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Not app.kubernetes.io/managed-by: spillway, which companions carry. */}}
{{- define "spillway.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "spillway.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "spillway.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "spillway.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- required "Name a ServiceAccount (serviceAccount.name), or let the chart make one (serviceAccount.create)." .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "spillway.leaseName" -}}
{{- default (include "spillway.fullname" .) .Values.lease.name }}
{{- end }}

{{- define "spillway.image" -}}
{{- $repository := required "Name the image that you built: --set image.repository=registry.example.com/spillway (docs/install.md)." .Values.image.repository }}
{{- if .Values.image.digest }}{{ $repository }}@{{ .Values.image.digest }}
{{- else }}{{ $repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end }}
{{- end }}

{{/* The namespaces with policies as JSON, each once; of no use with clusterWide. */}}
{{- define "spillway.namespaces" -}}
{{- default (list .Release.Namespace) .Values.namespaces | uniq | toJson }}
{{- end }}

{{/* The subject of every binding of the controller. */}}
{{- define "spillway.subjects" -}}
- kind: ServiceAccount
  name: {{ include "spillway.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}
