import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../cluster/wait-for.ts';
import type { Scene } from '../e2e/scene.ts';
import type { Crew } from './crew.ts';
import type { FaultGate } from './fault-gate.ts';
import type { RedisGroup } from './redis-group.ts';
import type { Step } from './scenario.ts';

export interface Place {
  readonly scene: Scene;
  readonly gate: FaultGate;
  readonly crew: Crew;
  readonly redis: RedisGroup;
}

/** A fault that is over, or that nobody but the controllers will mend. */
export interface Committed {
  /** From when on the controllers can do their work again, milliseconds since the epoch. */
  readonly overAtMs: number;
  /** What is left to do once they have. */
  readonly after: () => Promise<void>;
}

const nothing = async (): Promise<void> => undefined;

/**
 * Lets a fault happen, and calls `change` when the load is to change: in the middle of what lasts, and where a leader
 * falls out just before, so that it happens among its writes. For a leader that is frozen or killed, the time counts
 * from that moment: nothing but another leader mends it.
 */
export async function commit(step: Step, place: Place, change: () => void): Promise<Committed> {
  const { fault, seconds } = step;
  const { components } = place.scene.cluster;
  const throughout = async (): Promise<void> => {
    await sleep(seconds * 500);
    change();
    await sleep(seconds * 500);
  };
  switch (fault.kind) {
    case 'ApiServerDown':
      await components.apiserver.kill();
      await throughout();
      await components.apiserver.start();
      return { overAtMs: Date.now(), after: nothing };
    case 'RedisDown': {
      const start = await place.redis.killPrimary();
      await throughout();
      await start();
      return { overAtMs: Date.now(), after: nothing };
    }
    case 'RedisFailover': {
      change();
      await sleep(seconds * 1000);
      const bringBack = await place.redis.failOver();
      return { overAtMs: Date.now(), after: bringBack };
    }
    case 'LeaderKilled': {
      const leader = await place.crew.leader();
      change();
      await sleep(seconds * 1000);
      leader.signal('SIGKILL');
      return { overAtMs: Date.now(), after: () => place.crew.replace(leader) };
    }
    case 'LeaderFrozen': {
      const leader = await place.crew.leader();
      change();
      leader.signal('SIGSTOP');
      const frozenAtMs = Date.now();
      const after = async (): Promise<void> => {
        await sleep(Math.max(0, frozenAtMs + seconds * 1000 - Date.now()));
        leader.signal('SIGCONT');
        const notLeading = ({ message }: { readonly message: string }): boolean =>
          message === 'not leading any more';
        await waitFor('the frozen leader to notice', () => leader.log().some(notLeading));
      };
      return { overAtMs: frozenAtMs, after };
    }
    case 'CutWatches':
    case 'Expire':
    case 'Refuse':
    case 'Delay':
    case 'HalfOpen':
    case 'Truncate':
      place.gate.begin(fault);
      await throughout();
      place.gate.end();
      return { overAtMs: Date.now(), after: nothing };
  }
}
