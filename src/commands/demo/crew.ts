import { fork } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import type { Pod, PodProcesses } from '../../lab/world/types.ts';

/** What the crew's process is told at its start. */
export interface CrewSetup {
  readonly host: string;
  readonly port: number;
  readonly queue: string;
  readonly jobMs: number;
}

/** What the process is told about a pod, and what it tells. */
export type Order = { readonly do: 'start' | 'terminate' | 'kill'; readonly pod: string };
export type Word =
  | { readonly what: 'ready' | 'completed' | 'failed' | 'stalled' }
  | { readonly what: 'exited'; readonly pod: string };

/** The workers in the demo's pods: real ones, in a process of their own. */
export interface Crew extends PodProcesses {
  /** Jobs that ended well, ended badly, and were found abandoned. */
  readonly tally: { readonly completed: number; readonly failed: number; readonly stalled: number };
  close(): Promise<void>;
}

/** Starts the process; resolves when it takes orders. `app`: pods with this label work. */
export async function hireCrew(setup: CrewSetup, app: string): Promise<Crew> {
  const child = fork(
    new URL(`./crew-process${extname(import.meta.url)}`, import.meta.url),
    [JSON.stringify(setup)],
    // In a group of its own: Ctrl-C is for the demo, which tells its workers when to end.
    { detached: true },
  );
  const tally = { completed: 0, failed: 0, stalled: 0 };
  const exits = new Map<string, (exitCode: number) => void>();
  const ready = Promise.withResolvers<void>();
  child.on('message', (word: Word) => {
    if (word.what === 'ready') ready.resolve();
    else if (word.what === 'exited') exits.get(word.pod)?.(0);
    else tally[word.what] += 1;
  });
  child.once('error', ready.reject);
  child.once('exit', () => ready.reject(new Error('the workers of the demo did not start')));
  await ready.promise;
  const order = (what: Order['do'], pod: Pod): void => {
    if (child.connected) child.send({ do: what, pod: pod.metadata.name } satisfies Order);
  };
  return {
    tally,
    runs: (pod) => pod.metadata.labels?.app === app,
    start(pod, exited) {
      exits.set(pod.metadata.name, exited);
      order('start', pod);
    },
    terminate(pod) {
      order('terminate', pod);
    },
    kill(pod) {
      exits.delete(pod.metadata.name);
      order('kill', pod);
    },
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}
