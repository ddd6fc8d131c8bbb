import type { NodeSelectorTerm, PodShape } from '../../decide/observation.ts';
import { podRequests } from '../../decide/requests.ts';
import type { PodSpec, NodeSelectorTerm as RawTerm } from './kube.ts';

const known = new WeakMap<PodSpec, PodShape>();

/**
 * What a pod asks of a node. Spread and anti-affinity are not in it: they depend on the other pods and are looked at by the scheduler
 * itself.
 */
export function needsOf(spec: PodSpec): PodShape {
  const before = known.get(spec);
  if (before !== undefined) return before;
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const needs: PodShape = {
    requests: podRequests(spec),
    priority: spec.priority ?? 0,
    preempts: spec.preemptionPolicy !== 'Never',
    nodeSelector: spec.nodeSelector ?? {},
    nodeAffinity: (terms?.nodeSelectorTerms ?? []).map(term),
    tolerations: (spec.tolerations ?? []).map(({ key, operator, value, effect }) => ({
      key,
      // The API server admits these only; empty means Equal.
      operator: (operator ?? 'Equal') as PodShape['tolerations'][number]['operator'],
      value,
      effect,
    })),
    hostPorts: spec.containers.flatMap(({ ports = [] }) =>
      ports.flatMap(({ hostPort = 0, hostIP = '0.0.0.0', protocol = 'TCP' }) =>
        hostPort > 0 ? [`${protocol}:${hostIP}:${hostPort}`] : [],
      ),
    ),
    spread: [],
    exclusiveBy: [],
  };
  known.set(spec, needs);
  return needs;
}

/** A selector term as decide's `admits` reads it. */
export function term(raw: RawTerm): NodeSelectorTerm {
  const requirement = ({ key, operator, values = [] }: NonNullable<RawTerm['matchFields']>[number]) => ({
    key,
    operator: operator as NodeSelectorTerm['matchFields'][number]['operator'],
    values,
  });
  return {
    matchExpressions: (raw.matchExpressions ?? []).map(requirement),
    matchFields: (raw.matchFields ?? []).map(requirement),
  };
}
