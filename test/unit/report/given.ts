import { decide } from '../../../src/decide/decide.ts';
import type { BurstDecision, Decision } from '../../../src/decide/decision.ts';
import type { Observation } from '../../../src/decide/observation.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { blank, observation, policy, startMs } from '../decide/given.ts';

/** What the real `decide` makes of a policy and an observation. */
export function decided(given: { policy?: Policy; observation?: Observation } = {}): Decision {
  return decide(given.policy ?? policy(), given.observation ?? observation(), blank).decision;
}

/** A decision so many seconds after the start; by default everything that is granted is asked for and runs. */
export function decisionAt(
  atSeconds: number,
  burst: Partial<BurstDecision> = {},
  more: Partial<Decision> = {},
): Decision {
  const base = decided();
  const granted = burst.granted ?? 0;
  return {
    ...base,
    id: `decision-${atSeconds}`,
    atMs: startMs + atSeconds * 1000,
    burst: { ...base.burst, wanted: granted, asked: granted, running: granted, ...burst },
    ...more,
  };
}
