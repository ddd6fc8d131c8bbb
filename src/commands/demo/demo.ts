import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { systemClock } from '../../clock.ts';
import { defaultVirtualPools } from '../../cluster/virtual-nodes.ts';
import { startLabApi } from '../../lab/api/server.ts';
import { drive } from '../../lab/drive.ts';
import type { KubeInput, KubeObject } from '../../lab/world/kube.ts';
import { createWorld } from '../../lab/world/world.ts';
import { createLogger } from '../../report/log.ts';
import { startRedisServer } from '../redis-server.ts';
import { startController } from '../run.ts';
import { within } from '../within.ts';
import { hireCrew } from './crew.ts';
import { type DemoAzure, demoAzure } from './azure.ts';
import { namespace, policyOf, prices, queue as queueName, sceneOf } from './scene.ts';
import { clock, liveScreen, plainScreen, type Screen } from './screen.ts';
import { type Summary, Watch } from './watch.ts';

/** What `spillway demo` was asked. */
export interface DemoOptions {
  /** No repainting: plain lines. */
  readonly headless: boolean;
  /** Nothing but one JSON summary as the last line. */
  readonly json: boolean;
  /** Ends after so long even if the burst has not, seconds. */
  readonly durationSeconds: number;
  /** How much faster than a real cloud VMs boot and containers start. */
  readonly speed: number;
  readonly seed: string;
  /** A policy to show instead of the demo's own. */
  readonly policyFile: string | undefined;
  /** Stays up after the burst, for one's own kubectl. */
  readonly keep: boolean;
  /** With a fake Azure behind the virtual node: quota, price and orphans. */
  readonly azure: boolean;
}

export interface DemoIo {
  readonly out: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly error: (line: string) => void;
  /** Ends the demo and everything that it started. */
  readonly signal: AbortSignal;
}

const jobs = 6_000;
const jobMs = 250;
const frameMs = 250;

/** Longest wait for one thing to close, ms. */
const closeMs = 8_000;

/** The spike comes when somebody has had a look at the quiet cluster, seconds. */
const quietSeconds = 3;

/** After the end of the burst the demo stays for another look, seconds. */
const lastLookSeconds = 2;

/**
 * A whole burst on this machine: a real Redis, a real BullMQ queue with real workers, the real controller, and a lab in
 * place of the cluster. Resolves to the exit code: 0 the burst came and went and no job was lost, 1 otherwise.
 */
export async function demo(options: DemoOptions, io: DemoIo): Promise<number> {
  const closers: (() => Promise<void> | void)[] = [];
  const say = (line: string): void => (options.json ? undefined : void io.out.write(`${line}\n`));
  try {
    const policy = policyOf(options.policyFile);
    const folder = mkdtempSync(join(tmpdir(), 'spillway-demo-'));
    closers.push(() => rmSync(folder, { recursive: true, force: true }));

    const redis = await startRedisServer({ say });
    closers.push(() => redis.stop());
    const connection = { host: '127.0.0.1', port: redis.port };
    const queue = new Queue(queueName, { connection: { ...connection, maxRetriesPerRequest: null } });
    queue.on('error', () => {});
    closers.push(() => queue.close());
    await queue.waitUntilReady();

    const world = createWorld({
      seed: options.seed,
      startMs: Date.now(),
      scenario: sceneOf({
        redisUrl: redis.url,
        speed: options.speed,
        policy: policy as unknown as KubeInput,
      }),
    });
    const crew = await hireCrew({ ...connection, queue: queueName, jobMs }, 'thumbnails');
    closers.push(() => crew.close());
    world.addProcesses(crew);
    const driver = drive(world, systemClock);
    closers.push(() => driver.close());
    const api = await startLabApi({ world, catchUp: () => driver.catchUp() });
    closers.push(() => api.close());
    const kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(kubeconfig, api.kubeconfig());

    const azure = options.azure ? await demoAzure(world, () => driver.catchUp(), folder) : undefined;
    if (azure !== undefined) closers.push(() => azure.close());

    const controller = await startController({
      ...(azure === undefined ? {} : { fakeArm: azure.fakeArm }),
      kubeconfigPath: kubeconfig,
      podName: 'spillway-demo',
      log: createLogger({ level: 'silent', pretty: false }),
      config: {
        namespaces: 'all',
        lease: { namespace: 'default', name: 'spillway' },
        http: { host: '127.0.0.1', port: 0 },
        virtualPools:
          azure === undefined
            ? defaultVirtualPools
            : defaultVirtualPools.map((pool) => ({ ...pool, price: prices })),
        ...(azure === undefined ? {} : { azure: azure.settings }),
        maxCacheAgeSeconds: 180,
        budget: { maxRatePerHour: undefined, maxSpendPerDay: undefined, onExhausted: 'Keep' },
        breaker: { stuckCreatingAfterSeconds: 900 },
        prometheus: [],
      },
    });
    closers.push(() => controller.close());

    const key = `${namespace}/${policy.metadata.name}`;
    const watch = new Watch({ world, queue, crew, lastDecision: () => controller.lastDecision(key) });
    closers.push(() => watch.close());
    const screen = screenFor(options, io, `metrics http://127.0.0.1:${controller.port}/metrics`);
    closers.push(() => screen.end());
    closers.push(tellEvents(world.objects, screen));
    if (options.keep) screen.tell(`  kubectl --kubeconfig ${kubeconfig} get pods,nodes,bp -A`);

    await play(options, io.signal, { queue, watch, screen, azure });
    const summary = watch.summary();
    if (options.json) io.out.write(`${JSON.stringify(summary)}\n`);
    else screen.tell(ending(summary));
    const good = isGood(summary) && azure?.over !== false;
    return good || io.signal.aborted ? 0 : 1;
  } finally {
    // Whatever becomes of one, the others are closed as well.
    for (const close of closers.toReversed()) await within(closeMs, Promise.resolve().then(close));
  }
}

/** The play: a quiet cluster, a spike, and looking on until the burst is over. */
async function play(
  options: DemoOptions,
  signal: AbortSignal,
  stage: {
    readonly queue: Queue;
    readonly watch: Watch;
    readonly screen: Screen;
    readonly azure: DemoAzure | undefined;
  },
): Promise<void> {
  const { queue, watch, screen, azure } = stage;
  let spiked: Promise<void> | undefined;
  let overSeconds: number | undefined;
  for (;;) {
    const moment = await watch.moment();
    screen.show(azure === undefined ? moment : { ...moment, azure: azure.words() });
    const happened = azure?.beat(moment);
    if (happened !== undefined) screen.tell(`  ${clock(moment.atSeconds)}  ${happened}`);
    if (spiked === undefined && moment.atSeconds >= quietSeconds) {
      screen.tell(`  ${clock(moment.atSeconds)}  a spike: ${jobs} jobs of ${jobMs} ms arrive at once`);
      spiked = spike(queue, watch);
      // An interrupted demo does not wait for it; what becomes of it then is nobody's trouble.
      spiked.catch(() => undefined);
    }
    if (watch.over && azure?.over !== false) overSeconds ??= moment.atSeconds;
    const seen = overSeconds !== undefined && moment.atSeconds >= overSeconds + lastLookSeconds;
    const timeIsUp = moment.atSeconds >= options.durationSeconds;
    if (signal.aborted || (!options.keep && (seen || timeIsUp))) break;
    await systemClock.sleep(frameMs, signal).catch(() => undefined);
  }
  if (!signal.aborted) await spiked;
}

async function spike(queue: Queue, watch: Watch): Promise<void> {
  watch.spike(jobs, Date.now());
  const one = { name: 'thumbnail', data: {}, opts: { removeOnComplete: true, attempts: 1 } };
  for (let added = 0; added < jobs; added += 1000) {
    await queue.addBulk(Array.from({ length: Math.min(1000, jobs - added) }, () => one));
  }
}

function screenFor({ json, headless }: DemoOptions, { out }: DemoIo, header: string): Screen {
  if (json) return { show: () => {}, tell: () => {}, end: () => {} };
  return headless || out.isTTY !== true ? plainScreen(out, header) : liveScreen(out, header);
}

/** Tells the Events that the controller sends, as they come; the result ends that. */
function tellEvents(
  objects: { onChange(listener: (change: { readonly object: KubeObject }) => void): () => void },
  screen: Screen,
): () => void {
  const startedMs = Date.now();
  const told = new Set<string>();
  return objects.onChange(({ object }) => {
    if (object.kind !== 'Event' || typeof object.note !== 'string' || told.has(object.metadata.uid)) return;
    told.add(object.metadata.uid);
    screen.tell(`  ${clock((Date.now() - startedMs) / 1000)}  ${object.note}`);
  });
}

function isGood({ jobs, burst }: Summary): boolean {
  const ended = jobs.completed === jobs.added && jobs.failed === 0 && jobs.stalled === 0;
  return ended && burst.peak > 0 && burst.goneAtMs !== null;
}

function ending({ jobs, burst, vm, cost, reactionMs }: Summary): string {
  const began =
    reactionMs === null
      ? 'Nothing burst.'
      : `First burst ${reactionMs} ms after the first job; at most ${burst.peak} on the virtual node and ${vm.peak} on VMs.`;
  const ended =
    burst.goneAtMs === null
      ? `The burst has cost ${cost.toFixed(4)} so far.`
      : `The burst was over after ${(burst.goneAtMs / 1000).toFixed(1)} s and cost ${cost.toFixed(4)}.`;
  return [
    '',
    `  ${jobs.completed} of ${jobs.added} jobs done, ${jobs.failed} failed, ${jobs.stalled} stalled.`,
    `  ${began}`,
    ...(reactionMs === null ? [] : [`  ${ended}`]),
    '',
  ].join('\n');
}
