import { ok, skipped, warn } from '../finding.ts';
import type { PolicyCheck } from '../look.ts';

const id = 'policy.scalers';

/** Who sets the replicas of the target, and whether HPAs take burst pods for pods of the target. */
export const checkScalers: PolicyCheck = async ({ policy, target, look }) => {
  if (target === undefined || policy.target.kind === 'Jobs') return [];
  const unread = look.unread.get('hpas') ?? look.unread.get('scaledobjects');
  if (unread !== undefined) return [skipped(id, unread)];
  const { scaledBy, hpasThatCountBurst } = target;
  const counting = policy.burst.strategy === 'Companion' ? hpasThatCountBurst : [];
  const owner =
    scaledBy === undefined
      ? policy.scaling === undefined
        ? ok(id, 'Nobody but people sets the replicas of the target; the demand is what it asks for.')
        : ok(id, 'Spillway sets the replicas of the target, and nobody else does.')
      : policy.scaling === undefined
        ? ok(id, `${scaledBy} sets the replicas of the target; the demand is what it asks for.`)
        : warn(
            id,
            `${scaledBy} sets the replicas of the target too, so scaling of the policy is left alone.`,
            `Take scaling out of the policy, or delete ${scaledBy} (docs/keda.md).`,
          );
  return [
    owner,
    ...counting.map((hpa) =>
      warn(
        'policy.hpa-counts-burst',
        `HorizontalPodAutoscaler ${hpa} averages over pods by label and so counts burst pods too: it scales down while they run.`,
        'Write burst.strategy: Rescue, or scale by an External metric with an AverageValue (docs/autoscalers.md#hpas).',
      ),
    ),
  ];
};
