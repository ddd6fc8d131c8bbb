import type { Clock } from '../../clock.ts';
import { Interner } from '../../cluster/intern.ts';
import { connect } from '../../cluster/client.ts';
import { targetOf } from '../../cluster/target.ts';
import { shapeOfTarget } from '../../cluster/target-shape.ts';
import { SpillwayError } from '../../errors.ts';
import { resolvePolicy } from '../../policy/resolve.ts';
import type { BurstPolicy } from '../../policy/schema.ts';
import { invalidPolicy } from './checks/policy-accepted.ts';
import { clusterChecks, policyChecks } from './checks.ts';
import type { Finding, Found } from './finding.ts';
import type { Look } from './look.ts';
import { lookAround, wantedOf } from './look-around.ts';
import { lookIntoQueues, type QueueLooker } from './queues.ts';
import { Reader } from './reader.ts';
import { exitCodeOf, render } from './render.ts';
import { type Settings, settingsIn } from './settings.ts';

/** What `spillway doctor` was asked. */
export interface DoctorOptions {
  /** `name`, or `namespace/name`; undefined: all policies. */
  readonly policy: string | undefined;
  /** Undefined: all namespaces; for a policy that names none, that of the kubeconfig. */
  readonly namespace: string | undefined;
  /** Undefined: the ServiceAccount of the pod that this runs in. */
  readonly kubeconfigPath: string | undefined;
  /** `namespace/name`; undefined: it is looked for. */
  readonly serviceAccount: string | undefined;
  /** The configuration that Spillway runs with; undefined: it is looked for. */
  readonly settings: Settings | undefined;
  /** Print one JSON value instead of lines. */
  readonly json: boolean;
}

/** Where the command writes. `out` and `error` take whole lines, without their end. */
export interface DoctorIo {
  readonly out: (line: string) => void;
  readonly error: (line: string) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Looks at a cluster with the rights of the user, writes nothing, and prints a checklist with remedies. Resolves to the
 * exit code: 0 nothing fails, 1 something does, 2 it could not look (no cluster, no such policy).
 */
export async function doctor(options: DoctorOptions, io: DoctorIo): Promise<0 | 1 | 2> {
  try {
    const findings = await diagnose(options, io);
    if (options.json) io.out(JSON.stringify({ findings }, undefined, 2));
    else for (const line of render(findings)) io.out(line);
    return exitCodeOf(findings);
  } catch (error) {
    if (io.signal.aborted) return 2;
    if (!(error instanceof SpillwayError)) throw error;
    io.error(`${error.message} [${error.code}]`);
    return 2;
  }
}

/** All findings, by heading. Throws SpillwayError where nothing can be looked at. */
export async function diagnose(
  options: DoctorOptions,
  { clock, signal }: Pick<DoctorIo, 'clock' | 'signal'>,
): Promise<readonly Finding[]> {
  const wanted = wantedOf(options);
  const client = connect({ kubeconfigPath: options.kubeconfigPath, userAgent: 'spillway-doctor' });
  let queues: QueueLooker | undefined;
  try {
    const reader = new Reader(client, signal);
    const settings = options.settings ?? (await settingsIn(reader));
    queues = lookIntoQueues(client, clock, settings.config.prometheus);
    const look = await lookAround(wanted, client.namespace, { reader, clock, settings, queues });
    const [cluster, policies] = await Promise.all([aboutCluster(look), aboutPolicies(look)]);
    return [...cluster, ...policies];
  } finally {
    await queues?.close();
    await client.close();
  }
}

async function aboutCluster(look: Look): Promise<readonly Finding[]> {
  const groups = Object.entries(clusterChecks).map(async ([group, checks]) => {
    const found = await Promise.all(checks.map((check) => check(look)));
    return under(group, found.flat());
  });
  return (await Promise.all(groups)).flat();
}

async function aboutPolicies(look: Look): Promise<readonly Finding[]> {
  const { policies } = look;
  if (policies === undefined) return [];
  if (policies.length === 0) {
    const sentence = look.unread.get('policies') ?? 'There is no policy here.';
    return under('Policies', [{ id: 'policy', state: 'skipped', sentence, remedy: undefined }]);
  }
  const found = policies.map(async (object) => {
    const { namespace = 'default', name } = object.metadata;
    return under(`Policy ${namespace}/${name}`, await aboutPolicy(look, object));
  });
  return (await Promise.all(found)).flat();
}

async function aboutPolicy(look: Look, object: BurstPolicy): Promise<readonly Found[]> {
  let policy: ReturnType<typeof resolvePolicy>;
  try {
    policy = resolvePolicy(object);
  } catch (error) {
    return [invalidPolicy(error)];
  }
  const target = targetOf(look.store, policy);
  const shape = target === undefined ? undefined : shapeOfTarget(look.store, target, new Interner());
  const about = { look, object, policy, target, shape };
  return (await Promise.all(policyChecks.map((check) => check(about)))).flat();
}

function under(group: string, found: readonly Found[]): readonly Finding[] {
  return found.map((each) => ({ group, ...each }));
}
