{{/*
What a node must not be labelled with: a controller on a virtual node would be among what it is to empty. These are the labels
of the pools that Spillway knows, and those of configured pools that one label tells.
*/}}
{{- define "spillway.offVirtualNodes" -}}
{{- $forbidden := dict "type" (list "virtual-kubelet") "virtualization" (list "virtualnode2") }}
{{- range .Values.config.virtualPools }}
{{- if eq (len .nodeSelector) 1 }}
{{- range $label, $value := .nodeSelector }}
{{- $_ := set $forbidden $label (append (default list (get $forbidden $label)) $value | uniq) }}
{{- end }}
{{- end }}
{{- end }}
{{- range $label, $values := $forbidden }}
- key: {{ $label }}
  operator: NotIn
  values: {{ toJson $values }}
{{- end }}
{{- end }}

{{/* The affinity that was asked for, with that in every term. */}}
{{- define "spillway.affinity" -}}
{{- $affinity := deepCopy .Values.affinity }}
{{- $node := default dict $affinity.nodeAffinity }}
{{- $required := default dict $node.requiredDuringSchedulingIgnoredDuringExecution }}
{{- $off := include "spillway.offVirtualNodes" . | fromYamlArray }}
{{- $terms := list }}
{{- range default (list dict) $required.nodeSelectorTerms }}
{{- $expressions := concat (default list .matchExpressions) $off }}
{{- $terms = append $terms (merge (dict "matchExpressions" $expressions) (omit . "matchExpressions")) }}
{{- end }}
{{- $_ := set $node "requiredDuringSchedulingIgnoredDuringExecution" (dict "nodeSelectorTerms" $terms) }}
{{- $_ := set $affinity "nodeAffinity" $node }}
{{- toYaml $affinity }}
{{- end }}

{{- define "spillway.topologySpread" -}}
{{- if .Values.topologySpreadConstraints }}
{{- toYaml .Values.topologySpreadConstraints }}
{{- else }}
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
- maxSkew: 1
  topologyKey: {{ . }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- include "spillway.selectorLabels" $ | nindent 6 }}
{{- end }}
{{- end }}
{{- end }}
