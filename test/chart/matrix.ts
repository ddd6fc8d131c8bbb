/** Values to install with, one row for each choice that the chart offers; what a row says is about is its name. */
export const matrix: Readonly<Record<string, object>> = {
  'the defaults': {},
  'two namespaces and their Secrets': {
    namespaces: ['media', 'ops'],
    secrets: [
      { namespace: 'media', name: 'redis' },
      { namespace: 'media', name: 'redis-2' },
      { namespace: 'ops', name: 'redis' },
    ],
  },
  'the whole cluster, with rescue': { clusterWide: true, rescue: { enabled: true } },
  'one replica of another name': {
    replicas: 1,
    fullnameOverride: 'burst',
    lease: { name: 'burst-leader' },
    commonLabels: { team: 'platform' },
  },
  'external metrics with a certificate of its own': { externalMetrics: { enabled: true } },
  'external metrics with a given certificate': {
    externalMetrics: {
      enabled: true,
      existingSecret: 'tls',
      apiServiceAnnotations: { 'cert-manager.io/inject-ca-from': 'spillway/tls' },
    },
  },
  'admission, listed namespaces': {
    namespaces: ['media'],
    admission: { ownAccount: true, authors: true },
  },
  'admission, whole cluster, rescue and pools': {
    clusterWide: true,
    rescue: { enabled: true },
    admission: { ownAccount: true, authors: true },
    config: {
      virtualPools: [
        {
          name: 'eci',
          kind: 'Generic',
          nodeSelector: { 'example.com/pool': 'virtual' },
          tolerations: [{ key: 'example.com/virtual' }],
        },
      ],
    },
  },
  'everything that Prometheus and Grafana may have': {
    prometheus: {
      serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
      podMonitor: { enabled: true, metricRelabelings: [{ action: 'labeldrop', regex: 'pod' }] },
      rules: { enabled: true, labels: { release: 'prometheus' } },
    },
    grafana: { dashboards: { enabled: true, annotations: { grafana_folder: 'Spillway' } } },
  },
  'workload identity and Azure': {
    azure: { workloadIdentity: { enabled: true, clientId: '11111111-2222-3333-4444-555555555555' } },
    config: {
      azure: {
        subscriptionId: '11111111-2222-3333-4444-555555555555',
        region: 'westeurope',
        resourceGroup: 'burst',
      },
    },
  },
  'a configuration, mounted files and Prometheus connections': {
    config: {
      maxCacheAgeSeconds: 240,
      budget: { maxRatePerHour: 20, onExhausted: 'Drain' },
      prometheus: [{ name: 'main', url: 'https://prometheus:9090', caFile: '/etc/prometheus-ca/ca.crt' }],
    },
    extraVolumes: [{ name: 'ca', configMap: { name: 'prometheus-ca' } }],
    extraVolumeMounts: [{ name: 'ca', mountPath: '/etc/prometheus-ca', readOnly: true }],
    extraEnv: [{ name: 'HTTPS_PROXY', value: 'http://proxy:3128' }],
    extraArgs: ['--log-format', 'text'],
  },
  'where it may run': {
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'pool', operator: 'In', values: ['system'] }] }],
        },
      },
    },
    tolerations: [{ operator: 'Exists' }],
    priorityClassName: 'system-cluster-critical',
    nodeSelector: { 'kubernetes.io/os': 'linux', pool: 'system' },
  },
  'a closed network': {
    networkPolicy: {
      from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
      egress: [{ ports: [{ port: 443 }, { port: 6379 }, { port: 53, protocol: 'UDP' }] }],
    },
  },
  'as little as there can be': {
    crds: { install: false },
    rbac: { aggregatedRoles: false, clusterAutoscaler: false, karpenter: false, nodeLeases: false },
    uninstall: { drain: false },
    networkPolicy: { enabled: false },
    podDisruptionBudget: { enabled: false },
  },
  'rights and account that somebody else gives': {
    rbac: { create: false },
    serviceAccount: { create: false, name: 'given' },
  },
  'objects of your own': {
    extraObjects: [
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'one' },
        data: { release: '{{ .Release.Name }}' },
      },
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-two\n',
    ],
  },
};
