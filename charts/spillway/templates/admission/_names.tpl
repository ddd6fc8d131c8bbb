{{- define "spillway.username" -}}
system:serviceaccount:{{ .Release.Namespace }}:{{ include "spillway.serviceAccountName" . }}
{{- end }}

{{- define "spillway.uninstallUsername" -}}
system:serviceaccount:{{ .Release.Namespace }}:{{ include "spillway.uninstallName" . }}
{{- end }}

{{/* Stable since Kubernetes 1.30. */}}
{{- define "spillway.admissionServed" -}}
{{- if semverCompare "<1.30.0-0" .Capabilities.KubeVersion.Version }}
{{- fail "admission needs Kubernetes 1.30: leave admission.ownAccount and admission.authors off." }}
{{- end }}
{{- end }}

{{/* Keys of the taints that pods may be let onto, as CEL. */}}
{{- define "spillway.tolerationKeys" -}}
{{- $keys := list }}
{{- range default (list dict) .Values.config.virtualPools }}
{{- range default (list (dict "key" "virtual-kubelet.io/provider")) .tolerations }}
{{- $keys = append $keys .key }}
{{- end }}
{{- end }}
{{- $keys | uniq | toJson }}
{{- end }}

{{/* Binds an admission policy of this name to everything that it matches. */}}
{{- define "spillway.admissionBinding" -}}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: {{ .name }}
  labels:
    {{- include "spillway.labels" .root | nindent 4 }}
spec:
  policyName: {{ .name }}
  validationActions: [Deny]
{{- end }}
