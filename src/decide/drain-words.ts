import type { Decision } from './decision.ts';
import type { Reason } from './reasons.ts';
import { count, counted } from './words.ts';

type Facts = Pick<Decision, 'draining' | 'burst'>;

/** "12 of 40 are draining, 3 of them busy"; undefined: nothing drains. */
export function drainWords({ draining, burst }: Facts): string | undefined {
  const leaving = draining.burst + draining.target;
  if (leaving === 0) return undefined;
  const who = draining.target === 0 ? `${count(leaving)} of ${count(burst.asked)}` : counted(leaving, 'pod');
  return `${who} ${leaving === 1 ? 'is' : 'are'} draining, ${count(draining.busy)} of them busy`;
}

/** Why pods that are given up are still there, and how sure it is that they are idle when they go. */
export function drainReasons(facts: Facts): readonly Reason[] {
  const { draining, burst } = facts;
  const words = drainWords(facts);
  // Workers without the drain library cannot be asked to take no more jobs, nor whether they have any.
  const { forbidden = 0 } = draining;
  const leaves = words !== undefined || burst.granted < burst.asked;
  const guesses = draining.guessed > 0 && (draining.burst > 0 || burst.granted < burst.asked);
  const found: (Reason | false)[] = [
    words !== undefined && {
      code: 'Draining',
      message: `${words}.`,
      numbers: { ...draining, asked: burst.asked },
    },
    guesses && {
      code: 'DrainGuessed',
      message: `${counted(draining.guessed, 'burst pod')} without the drain library: who of them is idle is a guess of what the queue tells.`,
      numbers: { guessed: draining.guessed },
    },
    forbidden > 0 &&
      leaves && {
        code: 'DrainForbidden',
        message: `Redis forbids Spillway to mark the workers of ${counted(forbidden, 'source')}: grant what docs/drain.md names.`,
        numbers: { sources: forbidden },
      },
  ];
  return found.filter((one) => one !== false);
}
