import { parseDuration } from '../policy/duration.ts';
import { type Problem, problem } from '../policy/problem.ts';
import type { CompleteSpec } from '../policy/schema.ts';
import { isRecord } from '../policy/schema-tree.ts';
import { checkSpec } from '../policy/validate.ts';

/**
 * What a valid policy says without any effect. `priced`: whether a virtual pool of the configuration has a price;
 * undefined: no configuration is known.
 */
export function policyWarnings(policy: unknown, priced: boolean | undefined): readonly Problem[] {
  const spec = isRecord(policy) ? checkSpec(policy).spec : undefined;
  if (spec === undefined || spec.burst.maxReplicas === 0) return [];
  return [...undrained(spec), ...unbounded(spec), ...(priced === false ? unpriced(spec) : [])];
}

/** Workers are emptied through the Redis of a source: without one nobody can tell them, or ask whether they are busy. */
function undrained({ targetRef, scaling, burst }: CompleteSpec): readonly Problem[] {
  const meant = parseDuration(burst.drain.timeout) === 0;
  const reachable = scaling?.sources.some(({ type }) => type !== 'Prometheus') === true;
  // Pods of Jobs and StatefulSets are never taken back (docs/rescue.md).
  if (meant || reachable || targetRef?.kind !== 'Deployment') return [];
  const why =
    scaling === undefined
      ? 'without scaling there is no source'
      : 'a Prometheus source does not know the workers';
  return [
    problem(
      ['spec', 'burst', 'drain'],
      `nothing is drained: ${why}, so burst pods are deleted at once, at work or not. Add the queue, list or stream of the workers to scaling.sources, or write timeout: 0s if their work may be cut off`,
    ),
  ];
}

function unbounded({ burst }: CompleteSpec): readonly Problem[] {
  const { onExhausted, maxSpendPerDay } = burst.budget;
  if (onExhausted !== 'Drain' || maxSpendPerDay !== undefined) return [];
  return [
    problem(
      ['spec', 'burst', 'budget', 'onExhausted'],
      "Drain has no effect, for the policy has no day's budget: write maxSpendPerDay, or leave onExhausted out",
    ),
  ];
}

function unpriced({ burst }: CompleteSpec): readonly Problem[] {
  return (['maxRatePerHour', 'maxSpendPerDay'] as const)
    .filter((field) => burst.budget[field] !== undefined)
    .map((field) =>
      problem(
        ['spec', 'burst', 'budget', field],
        'has no effect, for no virtual pool of the configuration has a price: let its operator write virtualPools[].price',
      ),
    );
}
