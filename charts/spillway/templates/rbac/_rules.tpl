{{/* Rights where policies are. docs/permissions.md has a row for each verb. */}}
{{- define "spillway.policyRules" -}}
- apiGroups: [spillway.dev]
  resources: [burstpolicies]
  verbs: [list, watch, patch]
- apiGroups: [spillway.dev]
  resources: [burstpolicies/status]
  verbs: [update]
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [apps]
  resources: [replicasets, statefulsets]
  verbs: [list, watch]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [list, watch]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [list, watch]
- apiGroups: [keda.sh]
  resources: [scaledobjects]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [resourcequotas]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [pods]
  verbs: [patch, delete]
{{- if .Values.rescue.enabled }}
- apiGroups: [""]
  resources: [pods/eviction]
  verbs: [create]
{{- end }}
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create]
{{- end }}

{{/* A binding of the controller's account. Takes: root, kind, role, and namespace for a RoleBinding. */}}
{{- define "spillway.binding" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ if .namespace }}RoleBinding{{ else }}ClusterRoleBinding{{ end }}
metadata:
  name: {{ .role }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "spillway.labels" .root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ if .namespace }}Role{{ else }}ClusterRole{{ end }}
  name: {{ .role }}
subjects:
  {{- include "spillway.subjects" .root | nindent 2 }}
{{- end }}

{{/* A Role and its binding. Takes: root, role, namespace, rules (a text). */}}
{{- define "spillway.boundRole" -}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ .role }}
  namespace: {{ .namespace }}
  labels:
    {{- include "spillway.labels" .root | nindent 4 }}
rules:
  {{- .rules | trim | nindent 2 }}
---
{{ include "spillway.binding" . }}
{{ end }}

{{- define "spillway.ownRules" }}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{{ include "spillway.leaseName" . }}]
  verbs: [get, update]
- apiGroups: [""]
  resources: [configmaps]
  verbs: [create]
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [spillway-ledger]
  verbs: [get, update]
{{- if and .Values.externalMetrics.enabled (not .Values.externalMetrics.existingSecret) }}
# The certificate that the leader makes and renews.
- apiGroups: [""]
  resources: [secrets]
  verbs: [create]
- apiGroups: [""]
  resources: [secrets]
  resourceNames: [spillway-external-metrics-tls]
  verbs: [get, watch, update]
{{- end }}
{{- end }}
