import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../cluster/wait-for.ts';
import { seeded } from '../e2e/random.ts';
import {
  app,
  namespace,
  queueName,
  quickPolicy,
  redisSecret,
  type Scene,
  startScene,
  target,
  workerDeployment,
} from '../e2e/scene.ts';
import { startWorkforce } from '../e2e/workforce.ts';
import { Crew } from './crew.ts';
import { commit } from './faults.ts';
import {
  burstProblems,
  busiest,
  type Floor,
  floorProblems,
  termsOf,
  versionProblems,
  writerProblems,
} from './judge.ts';
import { calledFor, jobsPerReplica, Load, maxBurst, minReplicas } from './load.ts';
import { startProxy } from './proxy.ts';
import { RedisGroup } from './redis-group.ts';
import { nameOf, type Step } from './scenario.ts';

/**
 * An API server that was away must not cost nodes their heartbeats: the node controller would call their pods unready, and
 * KWOK, unlike a kubelet, does not call them ready again. Burst would then stay, and rightly so.
 */
const patient = ['--node-monitor-grace-period=5m'];
/** How long one job takes, milliseconds. */
const jobMs = 500;
/** By so many replicas the cluster may differ from what the load calls for while jobs come and go. */
const slack = 2;
/** Nothing may take longer to come right, milliseconds; dead connections are found after 100 s. */
const longestMs = 180_000;
/** What one controller and its standby may send at most: writes in 10 s (at most one pass in 100 ms), listings in 10 s. */
const bounds = { writes: 200, lists: 120 };

/** How one fault went. */
export interface Healed {
  readonly name: string;
  /** From the fault's end to the state that the load calls for, seconds; undefined: it never came. */
  readonly seconds: number | undefined;
}

export interface Outcome {
  readonly healed: readonly Healed[];
  /** What did not hold; empty: everything did. */
  readonly problems: readonly string[];
  readonly facts: Readonly<Record<string, number>>;
}

/** Plays a run from nothing to nothing, and judges it. */
export async function play(
  steps: readonly Step[],
  seed: number,
  say: (line: string) => void,
): Promise<Outcome> {
  const disk = mkdtempSync(join(tmpdir(), 'spillway-chaos-'));
  const scene = await startScene({ extraArgs: { controllerManager: patient } });
  const closers: (() => Promise<void>)[] = [() => scene.close()];
  try {
    const redis = await RedisGroup.start(disk);
    closers.push(() => redis.close());
    const proxy = await startProxy(scene.cluster, seeded(seed + 1));
    closers.push(() => proxy.close());
    await scene.cluster.virtualNode.setDeletion('remove');
    await scene.apply(redisSecret(redis.url), workerDeployment(), policy());
    const history = await scene.history();
    const crew = await Crew.start(scene, proxy.kubeconfigPath);
    closers.push(() => crew.close());
    const { kubeconfigPath } = scene.cluster;
    const workforce = await startWorkforce({
      kubeconfigPath,
      namespace,
      app,
      redis: redis.connection,
      queue: queueName,
      jobMs,
    });
    closers.push(() => workforce.close());
    const load = new Load(queueName, redis);
    closers.push(() => load.close());

    const healed: Healed[] = [];
    const floors: Floor[] = [];
    const trouble: string[] = [];
    load.level = 400;
    await converged(scene, load, Date.now());
    for (const step of steps) {
      const floor = calledFor(Math.min(load.level, step.level));
      floors.push({ fromMs: Date.now(), replicas: floor.target + floor.burst - slack - 1 });
      const change = (): void => {
        load.level = step.level;
      };
      const { overAtMs, after } = await commit(step, { scene, gate: proxy.gate, crew, redis }, change);
      const seconds = await converged(scene, load, overAtMs);
      healed.push({ name: nameOf(step.fault), seconds });
      say(`${nameOf(step.fault)}, ${step.seconds} s, load ${step.level}: ${told(seconds)}`);
      // What fails here is judged with the rest.
      await after().catch((error: Error) => trouble.push(`${nameOf(step.fault)}: ${error.message}`));
    }

    floors.push({ fromMs: Date.now(), replicas: 0 });
    load.level = 0;
    await waitFor('all jobs to be done', async () => (await load.unfinished()) === 0, longestMs);
    const ending = await history
      .until(
        'the target at its minimum and no companion',
        ({ targetReplicas, companions, burst }) =>
          targetReplicas === minReplicas && Object.keys(companions).length === 0 && burst === 0,
        longestMs,
      )
      .then(
        () => [],
        (error: Error) => [error.message],
      );
    const [books, report, events] = [
      await load.books(),
      await workforce.report(),
      scene.cluster.auditEvents(),
    ];
    const { passed } = proxy.gate;
    const moments = (verbs: readonly string[]): readonly number[] =>
      passed
        .filter(({ verb, resource }) => verbs.includes(verb) && resource !== 'leases')
        .map(({ atMs }) => atMs);
    const writesIn10s = busiest(moments(['create', 'update', 'patch', 'delete']), 10_000);
    const listsIn10s = busiest(moments(['list']), 10_000);
    const problems = [
      ...trouble,
      ...healed.flatMap(({ name, seconds }) => (seconds === undefined ? [`${name}: never came right`] : [])),
      ...writerProblems(events),
      ...versionProblems(events),
      ...burstProblems(history.frames, events, { maxBurst, target }),
      ...floorProblems(history.frames, floors),
      ...ending,
      ...lossProblems(books, report.jobsRun),
      ...(writesIn10s > bounds.writes ? [`${writesIn10s} writes within 10 s`] : []),
      ...(listsIn10s > bounds.lists ? [`${listsIn10s} listings within 10 s`] : []),
    ];
    return {
      healed,
      problems,
      facts: {
        faults: steps.length,
        jobs: books.made,
        'jobs run twice': report.jobsRepeated,
        leaders: termsOf(events).length,
        'requests to the proxy': passed.length,
        'most writes in 10 s': writesIn10s,
        'most listings in 10 s': listsIn10s,
      },
    };
  } finally {
    for (const close of closers.toReversed()) await close().catch(() => undefined);
    rmSync(disk, { recursive: true, force: true });
  }
}

/**
 * The demand is the number of unfinished jobs by twenty. Workers are said to run ten jobs at once and run one: else the
 * busy ones would hold the demand up, and the load would not say what it calls for.
 */
function policy(): object {
  return quickPolicy({
    sizing: { backlogPerReplica: jobsPerReplica, workerConcurrency: 10 },
    burst: { maxReplicas: maxBurst, drain: { timeout: '2s' } },
  });
}

/**
 * Waits until the cluster is as the load calls for, twice in a row. Seconds since `overAtMs`, or since the load stands
 * still if that was later: a backlog that is worked off calls for something else in every moment. Undefined: never.
 */
async function converged(scene: Scene, load: Load, overAtMs: number): Promise<number | undefined> {
  let sinceMs: number | undefined;
  let rightMs: number | undefined;
  while (Date.now() - overAtMs < longestMs) {
    const nowMs = Date.now();
    const { still, right } = await look(scene, load).catch(() => ({ still: false, right: false }));
    if (still) sinceMs ??= nowMs;
    if (right && rightMs !== undefined && nowMs - rightMs >= 500)
      return Math.max(0, rightMs - Math.max(overAtMs, sinceMs ?? overAtMs)) / 1000;
    rightMs = right ? (rightMs ?? nowMs) : undefined;
    await sleep(100);
  }
  return undefined;
}

/** Whether the load is at its level, and whether the cluster is then as it calls for. */
async function look(scene: Scene, load: Load): Promise<{ readonly still: boolean; readonly right: boolean }> {
  const unfinished = await load.unfinished();
  const still = Math.abs(unfinished - load.level) <= slack * jobsPerReplica;
  const [deployment, companions] = await Promise.all([scene.deployment(target), scene.companions()]);
  const wanted = calledFor(unfinished);
  const burst = companions.reduce((total, { spec }) => total + spec.replicas, 0);
  const right = deployment?.spec.replicas === wanted.target && Math.abs(burst - wanted.burst) <= slack;
  return { still, right: still && right };
}

function lossProblems(books: Awaited<ReturnType<Load['books']>>, jobsRun: number): readonly string[] {
  const { made, completed, failed, unfinished } = books;
  return made === completed && failed === 0 && unfinished === 0 && jobsRun === made
    ? []
    : [
        `of ${made} jobs ${completed} were completed, ${failed} failed, ${unfinished} are left, ${jobsRun} were run`,
      ];
}

function told(seconds: number | undefined): string {
  return seconds === undefined ? 'never came right' : `right after ${seconds.toFixed(1)} s`;
}
