import type { V1Container, V1PodTemplateSpec, V1Volume } from '@kubernetes/client-node';
import type { Workload } from '../../../../src/act/eligibility/check.ts';
import type { RuleCode } from '../../../../src/act/eligibility/rules.ts';
import type { VirtualPool } from '../../../../src/config.ts';
import { container, template, templateWith } from './given.ts';

/** A template that breaks one rule, and how the sentence names the part that does. */
export interface Example {
  readonly template: V1PodTemplateSpec;
  readonly says: RegExp;
  readonly workload?: Workload;
  readonly pool?: Partial<VirtualPool>;
  /** Codes that cannot but come with it. */
  readonly with?: readonly RuleCode[];
}

const init = (more: Partial<V1Container>) =>
  template({ initContainers: [{ name: 'migrate', image: 'migrate:1', ...more }] });
const volume = (more: Partial<V1Volume>) => template({ volumes: [{ name: 'data-1', ...more }] });
const sized = (requests: Record<string, string>, limits?: Record<string, string>) =>
  templateWith({ resources: { requests, ...(limits === undefined ? {} : { limits }) } });
const env = (...variables: NonNullable<V1Container['env']>) => templateWith({ env: variables });
const required = (key: string, ...values: string[]) =>
  template({
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values }] }],
        },
      },
    },
  });
const term = { topologyKey: 'kubernetes.io/hostname' };
const deployment: Workload = { kind: 'Deployment', namespace: 'media', name: 'worker' };

/** One template for each rule. */
export const examples: Readonly<Record<RuleCode, Example>> = {
  TEMPLATE_PINNED: {
    template: template({ nodeSelector: { type: 'virtual-kubelet' } }),
    says: /pool aci already/,
  },
  TEMPLATE_NODE_NAME: { template: template({ nodeName: 'vm-1' }), says: /\(vm-1\)/ },
  TEMPLATE_POD_AFFINITY: {
    template: template({
      affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } },
    }),
    says: /next to other pods/,
  },
  TEMPLATE_ANTI_AFFINITY: {
    template: template({
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [term],
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 1, podAffinityTerm: { topologyKey: 'topology.kubernetes.io/zone' } },
          ],
        },
      },
    }),
    says: /by kubernetes\.io\/hostname, topology\.kubernetes\.io\/zone,/,
  },
  TEMPLATE_SPREAD: {
    template: template({
      topologySpreadConstraints: [{ ...term, maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' }],
    }),
    says: /by kubernetes\.io\/hostname,/,
  },
  TEMPLATE_NODE_SELECTOR: {
    template: template({ nodeSelector: { agentpool: 'batch' } }),
    says: /agentpool=batch/,
  },
  TEMPLATE_NODE_AFFINITY: { template: required('agentpool', 'batch'), says: /node affinity/ },
  TEMPLATE_RUNTIME_CLASS: { template: template({ runtimeClassName: 'kata' }), says: /class kata/ },
  TEMPLATE_WINDOWS: { template: template({ os: { name: 'windows' } }), says: /Windows/ },
  TEMPLATE_ARCHITECTURE: {
    template: required('kubernetes.io/arch', 'arm64'),
    says: /of arm64 alone/,
    with: ['TEMPLATE_NODE_AFFINITY'],
  },
  TEMPLATE_HOST_NAMESPACES: {
    template: template({ hostNetwork: true, hostPID: true }),
    says: /hostNetwork, hostPID/,
  },
  TEMPLATE_HOST_PORT: {
    template: templateWith({ ports: [{ containerPort: 80, hostPort: 80 }] }),
    says: /of worker/,
  },
  TEMPLATE_HOST_ALIASES: {
    template: template({ hostAliases: [{ ip: '10.0.0.1', hostnames: ['db'] }] }),
    says: /aliases db/,
  },
  TEMPLATE_NETWORK_POLICY: {
    template: template(),
    workload: { ...deployment, networkPolicies: ['deny-all'] },
    says: /deny-all/,
  },
  TARGET_RECREATE: {
    template: template(),
    workload: { ...deployment, recreate: true },
    says: /Deployment worker/,
  },
  TEMPLATE_ARGS: { template: templateWith({ args: ['--fast'] }), says: /containers worker have args/ },
  TEMPLATE_WORKING_DIR: { template: templateWith({ workingDir: '/app' }), says: /of worker/ },
  TEMPLATE_INIT_CONTAINERS: { template: init({}), says: /migrate/, pool: { providerVersion: '1.4.9' } },
  TEMPLATE_INIT_RESOURCES: {
    template: init({ resources: { requests: { cpu: '500m' } } }),
    says: /containers migrate have/,
  },
  TEMPLATE_INIT_TOO_LARGE: {
    template: init({ resources: { limits: { memory: '4Gi' } } }),
    says: /containers migrate ask/,
  },
  TEMPLATE_SIDECAR: { template: init({ restartPolicy: 'Always' }), says: /sidecars migrate/ },
  TEMPLATE_LIFECYCLE: {
    template: templateWith({ lifecycle: { preStop: { exec: { command: ['sync'] } } } }),
    says: /hooks of worker/,
  },
  TEMPLATE_LIFECYCLE_SLEEP: {
    template: templateWith({ lifecycle: { preStop: { sleep: { seconds: 5 } } } }),
    says: /hooks of worker/,
  },
  TEMPLATE_GRACE_PERIOD: {
    template: template({ terminationGracePeriodSeconds: 600 }),
    says: /period of 600 s/,
  },
  TEMPLATE_STARTUP_PROBE: {
    template: templateWith({
      startupProbe: { exec: { command: ['up'] } },
      readinessProbe: { exec: { command: ['ready'] } },
    }),
    says: /probes of worker/,
  },
  TEMPLATE_STARTUP_GUARD: {
    template: templateWith({
      startupProbe: { exec: { command: ['up'] } },
      livenessProbe: { exec: { command: ['alive'] } },
    }),
    says: /probes of worker/,
  },
  TEMPLATE_PROBE_TYPE: {
    template: templateWith({ livenessProbe: { tcpSocket: { port: 80 } } }),
    says: /probes of worker/,
  },
  TEMPLATE_PROBE_HTTP: {
    template: templateWith({
      readinessProbe: { httpGet: { port: 80, httpHeaders: [{ name: 'Host', value: 'a' }] } },
    }),
    says: /probes of worker/,
  },
  TEMPLATE_PRIVILEGED: {
    template: templateWith({ securityContext: { privileged: true } }),
    says: /containers worker/,
  },
  TEMPLATE_SECURITY_CONTEXT: {
    template: template({ securityContext: { runAsUser: 1000 } }),
    says: /context of the pod/,
  },
  TEMPLATE_ENV_NAME: { template: env({ name: 'my.name', value: 'a' }), says: /variables my\.name/ },
  TEMPLATE_ENV_FIELD: {
    template: env({ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }),
    says: /variables POD_IP/,
  },
  TEMPLATE_ENV_RESOURCE: {
    template: env({ name: 'CPUS', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } }),
    says: /variables CPUS/,
  },
  TEMPLATE_ENV_EMPTY: { template: env({ name: 'PREFIX', value: '' }), says: /variables PREFIX/ },
  TEMPLATE_HOST_PATH: { template: volume({ hostPath: { path: '/data' } }), says: /volumes data-1/ },
  TEMPLATE_VOLUME: {
    template: volume({ persistentVolumeClaim: { claimName: 'data' } }),
    says: /volumes data-1/,
  },
  TEMPLATE_VOLUME_CLAIM: {
    template: volume({ persistentVolumeClaim: { claimName: 'data' } }),
    says: /volumes data-1/,
    pool: { kind: 'AksV2' },
  },
  TEMPLATE_AZURE_FILE: {
    template: volume({ csi: { driver: 'file.csi.azure.com', volumeAttributes: { shareName: 'a' } } }),
    says: /volumes data-1/,
    with: ['TEMPLATE_AZURE_FILE_SECRET'],
  },
  TEMPLATE_AZURE_FILE_SECRET: {
    template: volume({ azureFile: { secretName: 'a', shareName: 'b' } }),
    says: /volumes data-1/,
  },
  TEMPLATE_SUB_PATH: {
    template: templateWith({ volumeMounts: [{ name: 'conf', mountPath: '/c', subPath: 'c' }] }),
    says: /mounts worker\/conf/,
  },
  TEMPLATE_VOLUME_ITEMS: {
    template: volume({ configMap: { name: 'a', items: [{ key: 'a', path: 'b' }] } }),
    says: /volumes data-1/,
  },
  TEMPLATE_VOLUME_MORE: {
    template: volume({ secret: { secretName: 'a', items: [{ key: 'a', path: 'a' }] } }),
    says: /volumes data-1/,
  },
  TEMPLATE_VOLUME_EXECUTABLE: {
    template: volume({ configMap: { name: 'a', defaultMode: 0o755 } }),
    says: /volumes data-1/,
  },
  TEMPLATE_VOLUME_MODE: {
    template: volume({ secret: { secretName: 'a', defaultMode: 0o400 } }),
    says: /volumes data-1/,
  },
  TEMPLATE_EMPTY_DIR: { template: volume({ emptyDir: { medium: 'Memory' } }), says: /volumes data-1/ },
  TEMPLATE_VOLUME_NAME: {
    template: template({ volumes: [{ name: 'tmp', emptyDir: {} }] }),
    says: /volumes tmp/,
  },
  TEMPLATE_TOKEN_VOLUME: {
    template: volume({ projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }),
    says: /volumes data-1/,
  },
  TEMPLATE_VOLUMES: {
    template: template({
      volumes: Array.from({ length: 21 }, (_, index) => ({ name: `scratch-${index}`, emptyDir: {} })),
    }),
    says: /21 volumes/,
  },
  TEMPLATE_TOO_LARGE: {
    template: sized({ cpu: '32', memory: '1G' }),
    says: /32 vCPU where 31/,
  },
  TEMPLATE_GPU: {
    template: sized({ cpu: '1', memory: '1G', 'nvidia.com/gpu': '1' }),
    says: /nvidia\.com\/gpu/,
  },
  TEMPLATE_EXTENDED_RESOURCE: {
    template: sized({ cpu: '1', memory: '1G', 'hugepages-2Mi': '64Mi' }),
    says: /hugepages-2Mi/,
  },
  TEMPLATE_EPHEMERAL_STORAGE: {
    template: sized({ cpu: '1', memory: '1G', 'ephemeral-storage': '1Gi' }),
    says: /containers worker/,
  },
  TEMPLATE_LIMITS: {
    template: sized({ cpu: '1', memory: '1G' }, { cpu: '2', memory: '1G' }),
    says: /limits of worker/,
  },
  TEMPLATE_REQUESTS: { template: sized({ cpu: '1' }), says: /containers worker/ },
  TEMPLATE_CONTAINERS: {
    template: template({
      containers: Array.from({ length: 61 }, (_, index) =>
        container({ name: `c${index}`, resources: { requests: { cpu: '100m', memory: '100M' } } }),
      ),
    }),
    says: /61 containers/,
  },
  TEMPLATE_GROUP_NAME: {
    template: template(),
    workload: { kind: 'Deployment', namespace: 'a-namespace-of-so-many-letters', name: 'thumbnails' },
    says: /name of 71 characters/,
  },
  TEMPLATE_WORKLOAD_IDENTITY: {
    template: template({}, { labels: { 'azure.workload.identity/use': 'true' } }),
    says: /azure\.workload\.identity\/use/,
  },
  TEMPLATE_REGISTRY_ACR: {
    template: templateWith({ image: 'media.azurecr.io/worker:1' }),
    says: /of worker/,
  },
  TEMPLATE_REGISTRY: {
    template: templateWith({ image: 'registry.example.com/worker:1' }),
    says: /of worker/,
  },
  TEMPLATE_API_TOKEN: { template: template({ automountServiceAccountToken: true }), says: /API server/ },
};
