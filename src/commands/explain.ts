import { type Clock, systemClock } from '../clock.ts';
import type { RecordedDecision } from '../decide/decision.ts';
import { SpillwayError, sentence } from '../errors.ts';
import type { Target } from '../policy/policy.ts';
import type { BurstPolicy } from '../policy/schema.ts';
import { redact } from '../report/redact.ts';
import { tell } from '../report/telling.ts';
import { readDecision, readPolicy } from './explain-readers.ts';

/** What `spillway explain` was asked. */
export interface ExplainOptions {
  /** `namespace/name`. */
  readonly policy: string;
  /** A running controller; undefined: `defaultUrl` is tried, and nothing is said if nobody answers. */
  readonly url: string | undefined;
  /** Undefined: the usual places. */
  readonly kubeconfig: string | undefined;
  /** Print one JSON value instead of lines. */
  readonly json: boolean;
}

/** Where the command reads and writes. `out` and `error` take whole lines, without their end. */
export interface ExplainIo {
  readonly out: (line: string) => void;
  readonly error: (line: string) => void;
  readonly clock: Clock;
  /** The policy in the cluster; undefined: it is not there. */
  readonly readPolicy: (namespace: string, name: string) => Promise<BurstPolicy | undefined>;
  /** A controller's last decision; undefined: it has made none. */
  readonly readDecision: (
    url: string,
    namespace: string,
    name: string,
    timeoutMs: number,
  ) => Promise<RecordedDecision | undefined>;
}

/** Where a controller is looked for that runs on this machine or behind `kubectl port-forward`. */
export const defaultUrl = 'http://127.0.0.1:8080';

/** The io of the command line: the cluster of the kubeconfig, controllers over HTTP. */
export function explainIo(
  { kubeconfig }: ExplainOptions,
  out: (line: string) => void,
  error: (line: string) => void,
): ExplainIo {
  return {
    out,
    error,
    clock: systemClock,
    readPolicy: (namespace, name) => readPolicy(kubeconfig, namespace, name),
    readDecision,
  };
}

/**
 * Tells the last decision on a policy: with all its numbers where a controller answers, else from the status in the
 * cluster. Resolves to the exit code: 0 told, 1 no such policy or nothing decided yet, 2 not a policy's name, or
 * neither cluster nor controller could be read.
 */
export async function explain(options: ExplainOptions, io: ExplainIo): Promise<0 | 1 | 2> {
  const [, namespace, name] = /^([a-z0-9-]{1,63})\/([a-z0-9.-]{1,253})$/.exec(options.policy) ?? [];
  if (namespace === undefined || name === undefined) {
    io.error(sentence('EXPLAIN_KEY_INVALID', { key: options.policy }));
    return 2;
  }
  const [fromCluster, fromController] = await Promise.all([
    attempt(() => io.readPolicy(namespace, name)),
    attempt(() =>
      io.readDecision(options.url ?? defaultUrl, namespace, name, options.url === undefined ? 1000 : 5000),
    ),
  ]);
  const policy = fromCluster.value;
  const recorded = fromController.value;
  if (options.url !== undefined && recorded === undefined) {
    io.error(fromController.error?.message ?? sentence('DECISION_NOT_FOUND'));
  }
  if (fromCluster.error !== undefined) {
    // A controller that was named and has answered tells all that the cluster could.
    if (options.url === undefined || recorded === undefined) io.error(fromCluster.error.message);
    if (recorded === undefined) return 2;
  } else if (policy === undefined) {
    io.error(sentence('EXPLAIN_NOT_FOUND', { key: options.policy }));
    return 1;
  }
  const mismatch = recorded === undefined ? undefined : mismatchOf(policy, recorded);
  if (mismatch !== undefined && options.url !== undefined) {
    io.error(sentence('EXPLAIN_URL_FAILED', { url: redact(options.url), problem: mismatch }));
  }
  return print(options, io, policy, mismatch === undefined ? recorded : undefined);
}

/**
 * The decision of a running controller on a policy that was read from the cluster; undefined: none answers, or not one of
 * this cluster. Of an address that was asked for, why is told.
 */
export async function decisionFor(
  policy: BurstPolicy,
  { url }: Pick<ExplainOptions, 'url'>,
  io: Pick<ExplainIo, 'error' | 'readDecision'>,
): Promise<RecordedDecision | undefined> {
  const { namespace = 'default', name } = policy.metadata;
  const timeoutMs = url === undefined ? 1000 : 5000;
  const { value, error } = await attempt(() =>
    io.readDecision(url ?? defaultUrl, namespace, name, timeoutMs),
  );
  const mismatch = value === undefined ? undefined : mismatchOf(policy, value);
  if (url !== undefined && value === undefined) io.error(error?.message ?? sentence('DECISION_NOT_FOUND'));
  if (url !== undefined && mismatch !== undefined) {
    io.error(sentence('EXPLAIN_URL_FAILED', { url: redact(url), problem: mismatch }));
  }
  return mismatch === undefined ? value : undefined;
}

function print(
  { policy: key, json }: ExplainOptions,
  io: ExplainIo,
  policy: BurstPolicy | undefined,
  recorded: RecordedDecision | undefined,
): 0 | 1 {
  const status = policy?.status;
  const target = policy === undefined ? targetWords(recorded?.policy.target) : targetOf(policy);
  if (json) {
    const decision = recorded?.decision ?? status?.lastDecision ?? null;
    io.out(
      JSON.stringify(
        { policy: key, target, decision, status, observation: recorded?.observation },
        undefined,
        2,
      ),
    );
  } else {
    const { decision, observation } = recorded ?? {};
    const groups = observation?.limits.groups;
    const told = { policy: key, target, status, decision, groups, nowMs: io.clock.now() };
    for (const line of tell(told)) io.out(line);
  }
  if (recorded !== undefined || status?.lastDecision !== undefined) return 0;
  io.error(sentence('EXPLAIN_UNDECIDED', { key }));
  return 1;
}

/** Why what a controller said is not the last decision on this policy; undefined: it is. */
function mismatchOf(policy: BurstPolicy | undefined, recorded: RecordedDecision): string | undefined {
  if (policy === undefined) return undefined;
  if (policy.metadata.uid !== recorded.policy.uid) return 'it looks after another cluster';
  const inStatusMs = Date.parse(policy.status?.lastDecision?.at ?? '');
  return inStatusMs > recorded.decision.atMs ? 'another replica has decided since' : undefined;
}

function targetOf({ spec }: BurstPolicy): string {
  if (spec.targetRef !== undefined) return `${spec.targetRef.kind} ${spec.targetRef.name}`;
  return jobWords(spec.jobSelector?.matchLabels ?? {});
}

function targetWords(target: Target | undefined): string {
  if (target === undefined) return 'no target';
  return target.kind === 'Jobs' ? jobWords(target.matchLabels) : `${target.kind} ${target.name}`;
}

function jobWords(matchLabels: Readonly<Record<string, string>>): string {
  const labels = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  return `Jobs with ${labels.join(',')}`;
}

type Attempt<T> =
  | { readonly value: T | undefined; readonly error: undefined }
  | { readonly value: undefined; readonly error: SpillwayError };

/** What failed by a row of errors.ts is told; anything else is a bug and goes up. */
async function attempt<T>(read: () => Promise<T | undefined>): Promise<Attempt<T>> {
  try {
    return { value: await read(), error: undefined };
  } catch (error) {
    if (!(error instanceof SpillwayError)) throw error;
    return { value: undefined, error };
  }
}
