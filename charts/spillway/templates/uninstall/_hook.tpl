{{/* Objects of the hook exist only while the release is uninstalled. The Job is kept when it fails, for its log. */}}
{{- define "spillway.uninstallHook" -}}
helm.sh/hook: pre-delete
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}

{{- define "spillway.uninstallName" -}}
{{ include "spillway.fullname" . }}-uninstall
{{- end }}

{{/* What it takes to suspend policies, to see them drained, and to take what is left. */}}
{{- define "spillway.uninstallRules" -}}
- apiGroups: [spillway.dev]
  resources: [burstpolicies]
  verbs: [list, patch]
- apiGroups: [apps]
  resources: [deployments]
  verbs: [list, delete]
{{- end }}

{{/* Takes: root, kind (Role or ClusterRole), name, namespace, rules. */}}
{{- define "spillway.uninstallRole" -}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "spillway.labels" .root | nindent 4 }}
  annotations:
    {{- include "spillway.uninstallHook" "-10" | nindent 4 }}
rules:
  {{- .rules | trim | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}Binding
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "spillway.labels" .root | nindent 4 }}
  annotations:
    {{- include "spillway.uninstallHook" "-9" | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ .kind }}
  name: {{ .name }}
subjects:
  - kind: ServiceAccount
    name: {{ include "spillway.uninstallName" .root }}
    namespace: {{ .root.Release.Namespace }}
{{ end }}

{{- define "spillway.uninstallOwnRules" }}
# The controller is stopped before policies are given back as they were.
- apiGroups: [apps]
  resources: [deployments/scale]
  resourceNames: [{{ include "spillway.fullname" . }}]
  verbs: [patch]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{{ include "spillway.leaseName" . }}]
  verbs: [get, delete]
# What the controller has made for itself.
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [spillway-ledger]
  verbs: [delete]
- apiGroups: [""]
  resources: [secrets]
  resourceNames: [spillway-external-metrics-tls]
  verbs: [delete]
{{- end }}

{{/* A duration such as 1h30m in whole seconds. */}}
{{- define "spillway.uninstallSeconds" -}}
{{- $seconds := 0 }}
{{- $units := dict "h" 3600 "m" 60 "s" 1 }}
{{- range regexFindAll "[0-9]+[hms]" .Values.uninstall.timeout -1 }}
{{- $unit := substr (sub (len .) 1 | int) (len .) . }}
{{- $seconds = add $seconds (mul (trimSuffix $unit . | int) (get $units $unit)) }}
{{- end }}
{{- $seconds }}
{{- end }}
