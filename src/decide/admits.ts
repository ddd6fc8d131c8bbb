import { carries } from '../policy/labels.ts';
import type {
  NodeClass,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodShape,
  Taint,
  Toleration,
} from './observation.ts';

/**
 * Whether labels and taints of a node let the pod on: node selector, required node affinity, taints.
 * Room is not looked at. Rules as in the scheduler's NodeAffinity and TaintToleration plugins
 * (kubernetes.io/docs/concepts/scheduling-eviction).
 */
export function admits(shape: PodShape, node: NodeClass): boolean {
  return (
    carries(node.labels, shape.nodeSelector) &&
    (shape.nodeAffinity.length === 0 || shape.nodeAffinity.some((term) => matchesTerm(term, node.labels))) &&
    node.taints.every((taint) => taint.effect === 'PreferNoSchedule' || tolerates(shape.tolerations, taint))
  );
}

/** Whether one of the tolerations covers the taint. */
export function tolerates(tolerations: readonly Toleration[], taint: Taint): boolean {
  return tolerations.some(
    (toleration) =>
      (toleration.effect === undefined || toleration.effect === '' || toleration.effect === taint.effect) &&
      (toleration.key === undefined || toleration.key === '' || toleration.key === taint.key) &&
      coversValue(toleration, taint.value),
  );
}

/** `Lt` and `Gt` compare whole numbers: the taint's value must be lower, or greater, than the toleration's (KEP-5471). */
function coversValue(toleration: Toleration, taintValue: string): boolean {
  switch (toleration.operator) {
    case 'Exists':
      return true;
    case 'Equal':
      return (toleration.value ?? '') === taintValue;
    case 'Lt':
      return wholeNumber(taintValue) < wholeNumber(toleration.value);
    case 'Gt':
      return wholeNumber(taintValue) > wholeNumber(toleration.value);
  }
}

/** A term without any expression matches nothing (API reference, NodeSelectorTerm). */
function matchesTerm(term: NodeSelectorTerm, labels: Readonly<Record<string, string>>): boolean {
  if (term.matchExpressions.length + term.matchFields.length === 0) return false;
  return (
    term.matchExpressions.every((requirement) => matches(requirement, labels[requirement.key])) &&
    term.matchFields.every((requirement) => matches(requirement, labels[requirement.key]))
  );
}

function matches(requirement: NodeSelectorRequirement, value: string | undefined): boolean {
  const [bound] = requirement.values;
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && requirement.values.includes(value);
    case 'NotIn':
      return value === undefined || !requirement.values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return wholeNumber(value) > wholeNumber(bound);
    case 'Lt':
      return wholeNumber(value) < wholeNumber(bound);
  }
}

/** NaN for anything else, which compares false both ways: such a requirement does not match. */
function wholeNumber(text: string | undefined): number {
  return text !== undefined && /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
}
