import type { WorkersSample } from '../../../src/demand/drain.ts';
import type { Feed } from '../../../src/policy/policy.ts';
import { type DemandUnderTest, demandOn, Heard, hurriedClock, requestOf } from './harness.ts';

/** What a controller does with the drain of one source, and what it hears. */
export interface DrainUnderTest extends DemandUnderTest {
  readonly heard: Heard<WorkersSample>;
  readonly mark: (marks: Readonly<Record<string, string>>) => void;
  /** Resolves when what was marked last stands. */
  readonly marked: () => Promise<WorkersSample>;
  readonly lost: (code: string) => Promise<WorkersSample>;
}

/** The drain of one source as one controller has it, with timers that ring twenty times as soon. */
export function drainOn(t: Parameters<typeof demandOn>[0], url: string, feed: Feed): DrainUnderTest {
  const under = demandOn(t, url, hurriedClock);
  const request = requestOf(feed);
  const heard = new Heard<WorkersSample>((signal) => under.demand.workers(request, signal));
  let before = 0;
  return {
    ...under,
    heard,
    mark(marks) {
      before = heard.count;
      under.demand.mark(request, new Map(Object.entries(marks)));
    },
    marked: () => heard.until(({ markedAtMs }) => markedAtMs !== undefined && heard.count > before),
    lost: (code) => heard.until(({ problem }) => problem?.code === code),
  };
}
