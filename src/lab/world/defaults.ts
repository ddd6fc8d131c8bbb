import type { Container, KubeObject, Labels, PodSpec } from './kube.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The object with what the API server fills in, as far as the world and its readers look at it
 * (kubernetes, pkg/apis/{core,apps,batch,autoscaling} defaults.go, and the admission plugins DefaultTolerationSeconds and Priority).
 */
export function withDefaults(resource: string, object: KubeObject): KubeObject {
  const spec = object['spec'] as Fields | undefined;
  switch (resource) {
    case 'pods':
      return {
        ...object,
        spec: podSpec(spec ?? {}),
        status: { phase: 'Pending', ...fields(object['status']) },
      };
    case 'deployments':
      return workload(object, {
        replicas: 1,
        revisionHistoryLimit: 10,
        progressDeadlineSeconds: 600,
        ...spec,
        strategy: strategy(fields(spec?.['strategy'])),
      });
    case 'replicasets':
      return workload(object, { replicas: 1, ...spec });
    case 'statefulsets':
      return workload(object, { replicas: 1, ...spec });
    case 'jobs':
      return job(object, spec ?? {});
    case 'horizontalpodautoscalers':
      return { ...object, spec: { minReplicas: 1, ...spec } };
    default:
      return object;
  }
}

function workload(object: KubeObject, spec: Fields): KubeObject {
  return { ...object, spec: { ...spec, template: template(fields(spec['template'])) } };
}

function strategy(given: Fields): Fields {
  if (given['type'] === 'Recreate') return given;
  return {
    type: 'RollingUpdate',
    ...given,
    rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%', ...fields(given['rollingUpdate']) },
  };
}

/** A Job selects its pods by its own UID (batch/v1, generateSelector). */
function job(object: KubeObject, spec: Fields): KubeObject {
  const { uid, name } = object.metadata;
  const marks: Labels = { 'batch.kubernetes.io/controller-uid': uid, 'batch.kubernetes.io/job-name': name };
  const given = fields(spec['template']);
  const metadata = fields(given['metadata']);
  return {
    ...object,
    spec: {
      parallelism: 1,
      ...(spec['completions'] === undefined && spec['parallelism'] === undefined ? { completions: 1 } : {}),
      backoffLimit: 6,
      suspend: false,
      selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } },
      ...spec,
      template: template({
        ...given,
        metadata: { ...metadata, labels: { ...fields(metadata['labels']), ...marks } },
      }),
    },
  };
}

function template(given: Fields): Fields {
  return { ...given, spec: templateSpec(fields(given['spec'])) };
}

function templateSpec(given: Fields): Fields {
  const known = {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    schedulerName: 'default-scheduler',
    securityContext: {},
  };
  return Object.keys(known).every((key) => given[key] !== undefined) ? given : { ...known, ...given };
}

const shortStay = ['not-ready', 'unreachable'].map((state) => ({
  key: `node.kubernetes.io/${state}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 300,
}));

/** Pods that were defaulted before are handed back as they are, so that they compare at once. */
function podSpec(given: Fields): Fields {
  if (given['priority'] !== undefined && given['enableServiceLinks'] !== undefined) return given;
  const { tolerations = [], containers = [] } = given as Partial<PodSpec>;
  const missing = shortStay.filter(({ key }) =>
    tolerations.every((each) => each.key !== key && !(each.operator === 'Exists' && (each.key ?? '') === '')),
  );
  return {
    ...templateSpec(given),
    priority: given['priority'] ?? 0,
    preemptionPolicy: given['preemptionPolicy'] ?? 'PreemptLowerPriority',
    enableServiceLinks: given['enableServiceLinks'] ?? true,
    serviceAccountName: given['serviceAccountName'] ?? 'default',
    containers: containers.map(withRequests),
    tolerations: [...tolerations, ...missing],
  };
}

/** A container without a request but with a limit asks for its limit. */
function withRequests(container: Container): Container {
  const { resources } = container;
  if (resources?.limits === undefined) return container;
  return {
    ...container,
    resources: { ...resources, requests: { ...resources.limits, ...resources.requests } },
  };
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
