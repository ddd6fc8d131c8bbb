import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { z } from 'zod';
import { explained, isStatus } from '../cluster/api-error.ts';
import { connect } from '../cluster/client.ts';
import type { RecordedDecision } from '../decide/decision.ts';
import { SpillwayError } from '../errors.ts';
import { apiVersion, type BurstPolicy } from '../policy/schema.ts';
import { redact } from '../report/redact.ts';

/** What `explain` reads of a decision; whatever else the controller sent is kept for `--json`. */
const recordedShape = z.looseObject({
  policy: z.looseObject({ key: z.string(), uid: z.string() }),
  decision: z.looseObject({
    id: z.string(),
    atMs: z.number(),
    policy: z.string(),
    demand: z.number(),
    placed: z.number(),
    placedReady: z.number(),
    headroom: z.number(),
    stuck: z.number(),
    spill: z.number(),
    summary: z.string(),
    sources: z.array(z.looseObject({ name: z.string(), state: z.string(), replicas: z.number() })),
    reasons: z.array(z.looseObject({ code: z.string(), message: z.string() })),
    burst: z.looseObject({
      wanted: z.number(),
      granted: z.number(),
      asked: z.number(),
      running: z.number(),
      pendingForGrowth: z.number(),
      limitedBy: z.array(z.string()),
    }),
  }),
});

/**
 * Reads a policy from the cluster of a kubeconfig (by default `$KUBECONFIG`, then `~/.kube/config`, then the pod's own
 * account). Undefined: there is no such policy. Throws SpillwayError.
 */
export async function readPolicy(
  kubeconfig: string | undefined,
  namespace: string,
  name: string,
): Promise<BurstPolicy | undefined> {
  const client = connect({
    kubeconfigPath: kubeconfig ?? defaultKubeconfig(),
    userAgent: 'spillway-explain',
  });
  const path = `/apis/${apiVersion}/namespaces/${namespace}/burstpolicies/${name}`;
  try {
    return (await client.request('GET', path, { timeoutMs: 10_000 })) as BurstPolicy;
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw explained(error);
  } finally {
    await client.close();
  }
}

/**
 * Asks a running controller for its last decision on a policy. Undefined: it has made none. Throws EXPLAIN_URL_FAILED
 * when nothing answers within the time, or something that is not Spillway.
 */
export async function readDecision(
  url: string,
  namespace: string,
  name: string,
  timeoutMs: number,
): Promise<RecordedDecision | undefined> {
  const failed = (problem: string, cause?: unknown): SpillwayError =>
    new SpillwayError('EXPLAIN_URL_FAILED', { url: redact(url), problem }, cause);
  if (!URL.canParse(url) || !/^https?:/.test(url)) throw failed('not an http URL');
  const base = url.endsWith('/') ? url : `${url}/`;
  const address = new URL(`api/v1/policies/${namespace}/${name}/decision`, base);
  let status: number;
  let body: unknown;
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(address, { signal, redirect: 'error' });
    status = response.status;
    body = await response.json();
  } catch (error) {
    throw failed('no answer that can be read', error);
  }
  if (status === 404) return undefined;
  if (status !== 200) throw failed(`status ${status}`);
  const parsed = recordedShape.safeParse(body);
  if (!parsed.success || parsed.data.decision.policy !== `${namespace}/${name}`) {
    throw failed('its answer is not a decision');
  }
  return body as RecordedDecision;
}

/** The kubeconfig that kubectl would use; undefined: there is none, and the pod's own account is meant. */
export function defaultKubeconfig(): string | undefined {
  const [named] = (process.env.KUBECONFIG ?? '').split(delimiter);
  if (named !== undefined && named !== '') return named;
  const usual = join(homedir(), '.kube', 'config');
  return existsSync(usual) ? usual : undefined;
}
