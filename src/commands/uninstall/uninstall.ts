import { names } from '../../act/names.ts';
import type { Clock } from '../../clock.ts';
import { sentence } from '../../errors.ts';
import { formatDuration } from '../../policy/duration.ts';
import type { BurstPolicy } from '../../policy/schema.ts';
import { type Companion, type Named, suspendedMark, type Uninstallable } from './cluster.ts';
import { Leader } from './leader.ts';

/** What `spillway uninstall` was asked. */
export interface UninstallOptions {
  readonly deployment: Named;
  readonly lease: Named;
  /** How long busy workers may take, seconds. */
  readonly timeoutSeconds: number;
  /** What becomes of burst that is busy after that. */
  readonly onTimeout: 'Delete' | 'Fail';
}

/** Where the command writes: whole lines, without their end. */
export interface UninstallIo {
  readonly out: (line: string) => void;
  readonly error: (line: string) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const lookEveryMs = 1_000;
/** The leader gives its Lease back when its pod ends; one that cannot lets it run out. */
const stopMs = 30_000;

/** What is left to drain. */
interface Left {
  readonly policies: readonly BurstPolicy[];
  readonly companions: readonly Companion[];
}

/**
 * Drains all bursts, stops the controller, and gives the policies back as they were, so that nothing of Spillway is left
 * but what the user made. Resolves to the exit code: 0 done, 1 burst is still busy and was to be kept, or `signal` aborted. Throws
 * SpillwayError. Ended at any moment, it can be run again.
 */
export async function uninstall(
  options: UninstallOptions,
  cluster: Uninstallable,
  io: UninstallIo,
): Promise<0 | 1> {
  try {
    return await run(options, cluster, io);
  } catch (error) {
    if (!io.signal.aborted) throw error;
    return 1;
  }
}

async function run(options: UninstallOptions, cluster: Uninstallable, io: UninstallIo): Promise<0 | 1> {
  const left = await drain(options, cluster, io);
  const busy = left.companions.length;
  if (busy > 0 && options.onTimeout === 'Fail') {
    io.error(sentence('UNINSTALL_BUSY', { count: busy, timeout: formatDuration(options.timeoutSeconds) }));
    return 1;
  }
  await stopController(options, cluster, io);
  for (const companion of await cluster.companions()) {
    io.out(`${companion.namespace}/${companion.name} is deleted with ${companion.replicas} replicas`);
    await cluster.deleteCompanion(companion);
  }
  for (const { metadata, spec } of await cluster.policies()) await giveBack(cluster, metadata, spec);
  await cluster.clear(options.lease);
  io.out('Nothing of Spillway runs any more. Policies are as they were.');
  return 0;
}

/** Suspends every policy and waits until nothing is left, nobody leads, or time is up. Resolves to what is left. */
async function drain(
  { lease, timeoutSeconds }: UninstallOptions,
  cluster: Uninstallable,
  { out, clock, signal }: UninstallIo,
): Promise<Left> {
  const leader = new Leader(clock);
  const endsAtMs = clock.elapsed() + timeoutSeconds * 1000;
  let told = '';
  for (;;) {
    const left = await look(cluster);
    if (left.policies.length === 0 && left.companions.length === 0) return left;
    const line = `${left.companions.length} companions and ${left.policies.length} policies are left to drain`;
    if (line !== told) out(line);
    told = line;
    const nobodyLeads = leader.isGone(await cluster.holder(lease));
    if (nobodyLeads) out('Nobody leads, so nobody drains.');
    if (nobodyLeads || clock.elapsed() >= endsAtMs) return left;
    await clock.sleep(lookEveryMs, signal);
  }
}

/** Suspends what is not suspended, also what somebody has released meanwhile, and tells what is not drained yet. */
async function look(cluster: Uninstallable): Promise<Left> {
  const policies = await cluster.policies();
  for (const { metadata, spec } of policies) {
    if (spec.suspend === true || metadata.deletionTimestamp !== undefined) continue;
    const annotations = { [suspendedMark]: 'true' };
    await cluster.patchPolicy(metadata, { metadata: { annotations }, spec: { suspend: true } });
  }
  return {
    policies: policies.filter((policy) => !isDrained(policy)),
    companions: await cluster.companions(),
  };
}

/** Its suspension has been seen, and the finalizer that stands while there is something to drain is gone. */
function isDrained({ metadata, spec, status }: BurstPolicy): boolean {
  const seen = (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
  return spec.suspend === true && seen && metadata.finalizers?.includes(names.drain) !== true;
}

async function stopController(
  { deployment, lease }: UninstallOptions,
  cluster: Uninstallable,
  { out, clock, signal }: UninstallIo,
): Promise<void> {
  out(`${deployment.namespace}/${deployment.name} is stopped`);
  await cluster.stop(deployment);
  const leader = new Leader(clock);
  const endsAtMs = clock.elapsed() + stopMs;
  while (clock.elapsed() < endsAtMs) {
    const holder = await cluster.holder(lease);
    if (holder === undefined || leader.isGone(holder)) return;
    await clock.sleep(lookEveryMs, signal);
  }
}

/** Takes our marks off a policy. The next installation finds it as its author wrote it. */
async function giveBack(
  cluster: Uninstallable,
  metadata: BurstPolicy['metadata'],
  { suspend }: BurstPolicy['spec'],
): Promise<void> {
  const marked = metadata.annotations?.[suspendedMark] !== undefined;
  const held = metadata.finalizers?.includes(names.drain) === true;
  if (!marked && !held) return;
  await cluster.patchPolicy(metadata, {
    metadata: {
      annotations: { [suspendedMark]: null, ...(held ? { [names.decision]: null } : {}) },
      ...(held
        ? {
            // Of a list the patch writes all: nobody may have added to it since.
            resourceVersion: metadata.resourceVersion,
            finalizers: metadata.finalizers?.filter((name) => name !== names.drain),
          }
        : {}),
    },
    ...(marked && suspend === true ? { spec: { suspend: false } } : {}),
  });
}
