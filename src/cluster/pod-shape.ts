import type { NodeSelectorTerm, PodShape, Toleration } from '../decide/observation.ts';
import { podRequests } from '../decide/requests.ts';
import { carries } from '../policy/labels.ts';
import type { Interner } from './intern.ts';
import { quotaTraits } from './quota-traits.ts';
import type { Labels, RawLabelSelector, RawNodeSelectorTerm, RawPodSpec } from './raw.ts';

/**
 * The shape of a pod (or of a pod template): what decides where it may run and how much room it takes.
 * Pods with the same shape get the same object. `labels` are the pod's own: spread and anti-affinity only matter
 * here where they select the pod's own like.
 */
export function shapeOf(spec: RawPodSpec, labels: Labels, interner: Interner): PodShape {
  const { affinity, topologySpreadConstraints: spread } = spec;
  const key = JSON.stringify([
    (spec.containers ?? []).map(({ resources, ports }) => [resources, hostPortsIn(ports, spec.hostNetwork)]),
    (spec.initContainers ?? []).map(({ resources, restartPolicy, ports }) => [
      resources,
      restartPolicy,
      hostPortsIn(ports, spec.hostNetwork),
    ]),
    [spec.overhead, spec.resources, spec.priority, spec.preemptionPolicy, spec.nodeSelector],
    [spec.priorityClassName, spec.activeDeadlineSeconds !== undefined],
    [spec.tolerations, affinity?.nodeAffinity, affinity?.podAntiAffinity, spread],
    affinity?.podAntiAffinity === undefined && spread === undefined ? null : labels,
  ]);
  return interner.once(`s${key}`, () => makeShape(spec, labels));
}

function makeShape(spec: RawPodSpec, labels: Labels): PodShape {
  const { affinity } = spec;
  const nodeTerms =
    affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const containers = [...(spec.containers ?? []), ...sidecars(spec)];
  return {
    requests: podRequests(spec),
    priority: spec.priority ?? 0,
    preempts: spec.preemptionPolicy !== 'Never',
    nodeSelector: spec.nodeSelector ?? {},
    nodeAffinity: nodeTerms.map(term),
    tolerations: (spec.tolerations ?? []).map(toleration),
    hostPorts: containers.flatMap(({ ports }) => hostPortsIn(ports, spec.hostNetwork)),
    spread: (spec.topologySpreadConstraints ?? [])
      .filter((each) => each.whenUnsatisfiable === 'DoNotSchedule' && selects(each.labelSelector, labels))
      .map((each) => ({ topologyKey: each.topologyKey ?? '', maxSkew: each.maxSkew ?? 1 })),
    quota: quotaTraits(spec),
    exclusiveBy: (affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [])
      .filter((each) => selects(each.labelSelector, labels))
      .map((each) => each.topologyKey ?? ''),
  };
}

function sidecars(spec: RawPodSpec): NonNullable<RawPodSpec['initContainers']> {
  return (spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
}

/** `protocol:ip:port`. With hostNetwork every container port is a host port (API reference, ContainerPort). */
function hostPortsIn(
  ports: NonNullable<RawPodSpec['containers']>[number]['ports'],
  hostNetwork = false,
): readonly string[] {
  return (ports ?? []).flatMap(({ hostPort = 0, hostIP = '', protocol = 'TCP', containerPort = 0 }) => {
    const port = hostPort > 0 ? hostPort : hostNetwork ? containerPort : 0;
    return port > 0 ? [`${protocol}:${hostIP === '' ? '0.0.0.0' : hostIP}:${port}`] : [];
  });
}

function term(raw: RawNodeSelectorTerm): NodeSelectorTerm {
  return {
    matchExpressions: (raw.matchExpressions ?? []).map(requirement),
    matchFields: (raw.matchFields ?? []).map(requirement),
  };
}

type Requirement = NodeSelectorTerm['matchExpressions'][number];

function requirement(raw: NonNullable<RawNodeSelectorTerm['matchExpressions']>[number]): Requirement {
  return {
    key: raw.key ?? '',
    // The API server admits these six only.
    operator: (raw.operator ?? 'In') as Requirement['operator'],
    values: raw.values ?? [],
  };
}

function toleration(raw: NonNullable<RawPodSpec['tolerations']>[number]): Toleration {
  return {
    key: raw.key,
    // Empty means Equal; the API server admits Equal, Exists, Lt and Gt only.
    operator: (raw.operator ?? 'Equal') as Toleration['operator'],
    value: raw.value,
    effect: raw.effect,
  };
}

/** Whether a label selector selects these labels. A missing selector selects nothing, an empty one everything. */
export function selects(selector: RawLabelSelector | undefined, labels: Labels): boolean {
  if (selector === undefined) return false;
  return (
    carries(labels, selector.matchLabels ?? {}) &&
    (selector.matchExpressions ?? []).every(({ key = '', operator, values = [] }) => {
      const value = labels[key];
      switch (operator ?? '') {
        case 'In':
          return value !== undefined && values.includes(value);
        case 'NotIn':
          return value === undefined || !values.includes(value);
        case 'Exists':
          return value !== undefined;
        default:
          return value === undefined;
      }
    })
  );
}
