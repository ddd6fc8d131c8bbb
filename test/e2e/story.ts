import { setTimeout as sleep } from 'node:timers/promises';
import type { BurstPolicy } from '../../src/policy/schema.ts';
import { waitFor } from '../cluster/wait-for.ts';
import type { ControllerProcess } from './controller-process.ts';
import { type LoggedWrite, loggedWrites } from './decisions.ts';
import type { Frame, History } from './history.ts';
import { burstPolicy, namespace, queueName, type Scene, vmNode, workerDeployment } from './scene.ts';
import { addJobs, type Report } from './workforce.ts';

export const jobs = 20_000;
export const jobMs = 100;

/** Replicas that run until a virtual machine has booted, in this story, milliseconds; in a cluster it takes minutes. */
const bootMs = 10_000;

/** One line of the story. */
export interface Row {
  readonly seconds: number;
  readonly jobs: number;
  readonly vm: number;
  readonly burst: number;
}

/** What outsiders see while the burst runs. */
export interface Snapshot {
  readonly status: BurstPolicy['status'];
  readonly columns: string;
  readonly metrics: string;
}

/** Everything that was seen of one story. */
export interface Seen {
  readonly startedAtMs: number;
  readonly drainedSeconds: number;
  readonly rows: readonly Row[];
  readonly frames: readonly Frame[];
  readonly writes: readonly LoggedWrite[];
  readonly midway: Snapshot;
  readonly report: Report;
  readonly last: Frame;
  /** When the new VM nodes were there; undefined: none came. */
  readonly grownAtMs: number | undefined;
}

/** Plays the story once: 20 000 jobs arrive at once on three VM nodes of 4 cores. Leaves everything as it ended. */
export async function play(
  scene: Scene,
  controller: ControllerProcess,
  vmPool: 'Fixed' | 'Grow',
): Promise<Seen> {
  const { queue } = scene;
  const history = await scene.history();
  await scene.apply(workerDeployment(), burstPolicy({ burst: { vmPool } }));
  await history.until('two workers', ({ placedReady }) => placedReady === 2);
  await scene.condition('SignalsAvailable', 'True');
  // On a deep queue a worker is never idle by itself: to give it back in time it has to be asked.
  const workforce = await scene.workforce(jobMs, { drains: true });

  const startedAtMs = Date.now();
  await addJobs(queue, jobs);
  const sampler = sample(scene, history, startedAtMs);
  const growing = vmPool === 'Grow' ? growPool(scene, history) : Promise.resolve(undefined);

  await history.until(
    'VMs full and the burst running',
    ({ pending, asked, burstReady, stuck }) => pending === stuck && asked >= 18 && burstReady === asked,
  );
  const midway = await snapshot(scene, controller);

  await waitFor('the queue to be drained', async () => (await left(scene)) === 0, 150_000);
  const drainedSeconds = (Date.now() - startedAtMs) / 1000;
  const grownAtMs = await growing;
  const last = await history.until(
    'the target at its minimum and no companion',
    ({ targetReplicas, placedReady, companions, burst }) =>
      targetReplicas === 2 && placedReady === 2 && Object.keys(companions).length === 0 && burst === 0,
    120_000,
  );
  await scene.condition('Bursting', 'False', 'NothingSpills');
  const report = await workforce.report();
  await workforce.close();
  return {
    startedAtMs,
    drainedSeconds,
    rows: await sampler.end(),
    frames: history.frames.filter(({ atMs }) => atMs >= startedAtMs),
    writes: loggedWrites(controller.log(), `${namespace}/${queueName}`).filter(
      ({ atMs }) => atMs >= startedAtMs,
    ),
    midway,
    report,
    last,
    grownAtMs,
  };
}

async function left({ queue }: Scene): Promise<number> {
  const { waiting = 0, active = 0, prioritized = 0, delayed = 0 } = await queue.getJobCounts();
  return waiting + active + prioritized + delayed;
}

/** Plays the cluster autoscaler: pods that are stuck bring VM nodes, so many that all of them fit. */
async function growPool(scene: Scene, history: History): Promise<number> {
  const { stuck } = await history.until('stuck pods', ({ stuck }) => stuck > 0);
  const nodes = Math.ceil(stuck / 4);
  await sleep(bootMs);
  await scene.cluster.addVmNode(...Array.from({ length: nodes }, (_, index) => vmNode(`vm-${index + 4}`)));
  return Date.now();
}

async function snapshot(scene: Scene, controller: ControllerProcess): Promise<Snapshot> {
  const status = await waitFor('a status that says so', async () => {
    const { status } = await scene.policy();
    const bursting = status?.conditions?.find(({ type }) => type === 'Bursting');
    return bursting?.reason === 'Running' && status;
  });
  const [columns, metrics] = await Promise.all([
    scene.kubectl(`get bp -n ${namespace}`),
    fetch(`${controller.url}/metrics`).then((response) => response.text()),
  ]);
  return { status, columns, metrics };
}

/** Writes the story down, a row a second. */
function sample(scene: Scene, history: History, startedAtMs: number): { end(): Promise<readonly Row[]> } {
  const stop = new AbortController();
  const rows: Row[] = [];
  const sampling = (async () => {
    while (!stop.signal.aborted) {
      const { placedReady, burstReady } = history.latest;
      const seconds = Math.round((Date.now() - startedAtMs) / 1000);
      rows.push({ seconds, jobs: await left(scene), vm: placedReady, burst: burstReady });
      await sleep(1000, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  })();
  return {
    async end() {
      stop.abort();
      await sampling;
      return rows;
    },
  };
}

/** The story as a table of at most `most` lines, for people. */
export function tableOf(rows: readonly Row[], most = 16): string {
  const changed = rows.filter((row, index) => {
    const before = rows[index - 1];
    return (
      before === undefined || before.vm !== row.vm || before.burst !== row.burst || row.seconds % 10 === 0
    );
  });
  const every = Math.ceil(changed.length / most);
  const shown = changed.filter((_, index) => index % every === 0 || index === changed.length - 1);
  const line = (...cells: readonly (string | number)[]): string =>
    cells.map((cell) => String(cell).padStart(9)).join('');
  return [
    line('seconds', 'jobs', 'VM', 'burst'),
    ...shown.map(({ seconds, jobs, vm, burst }) => line(seconds, jobs, vm, burst)),
  ].join('\n');
}
