import { connect } from '../cluster/client.ts';
import { seconds } from '../decide/words.ts';
import { SpillwayError, sentence } from '../errors.ts';
import { printable, tableLines } from '../report/table.ts';
import { Reader } from './doctor/reader.ts';
import { settingsIn } from './doctor/settings.ts';
import { type ExplainIo, type ExplainOptions, decisionFor } from './explain.ts';
import { type PodEvent, type PodFacts, podFacts } from './explain-pod-facts.ts';
import { storyOf } from './explain-pod-story.ts';
import { defaultKubeconfig } from './explain-readers.ts';

/** What `spillway explain pod` was asked. */
export interface ExplainPodOptions extends Pick<ExplainOptions, 'url' | 'kubeconfig' | 'json'> {
  /** `namespace/name`. */
  readonly pod: string;
}

export type ExplainPodIo = Pick<ExplainIo, 'out' | 'error' | 'clock' | 'readDecision'>;

/** So many of its last Events are shown. */
const lastEvents = 5;

/**
 * Tells why a pod is pending, why it is not bursting, or why it is: from its status and Events, the policy that is about
 * it, and the decision of the running controller where one answers. Resolves to the exit code: 0 told, 1 no such pod,
 * 2 not a pod's name, or the cluster cannot be read.
 */
export async function explainPod(options: ExplainPodOptions, io: ExplainPodIo): Promise<0 | 1 | 2> {
  const [, namespace, name] = /^([a-z0-9-]{1,63})\/([a-z0-9.-]{1,253})$/.exec(options.pod) ?? [];
  if (namespace === undefined || name === undefined) {
    io.error(sentence('EXPLAIN_POD_INVALID', { key: options.pod }));
    return 2;
  }
  try {
    const facts = await read(namespace, name, options, io);
    if (facts === undefined) {
      io.error(sentence('EXPLAIN_POD_NOT_FOUND', { key: options.pod }));
      return 1;
    }
    print(facts, options, io);
    return 0;
  } catch (error) {
    if (!(error instanceof SpillwayError)) throw error;
    io.error(error.message);
    return 2;
  }
}

async function read(
  namespace: string,
  name: string,
  options: ExplainPodOptions,
  io: ExplainPodIo,
): Promise<PodFacts | undefined> {
  const client = connect({
    kubeconfigPath: options.kubeconfig ?? defaultKubeconfig(),
    userAgent: 'spillway-explain',
  });
  try {
    const reader = new Reader(client, new AbortController().signal);
    return await podFacts(namespace, name, {
      reader,
      pools: (await settingsIn(reader)).config.virtualPools,
      nowMs: io.clock.now(),
      decisionOn: (policy) => decisionFor(policy, options, io),
    });
  } finally {
    await client.close();
  }
}

function print(facts: PodFacts, { json }: ExplainPodOptions, io: ExplainPodIo): void {
  const story = storyOf(facts, io.clock.now());
  const { pod, owners, role, policy, recorded, events } = facts;
  if (json) {
    const { metadata, status } = policy ?? {};
    const decision = recorded?.decision ?? status?.lastDecision;
    const about = metadata === undefined ? undefined : `${metadata.namespace ?? ''}/${metadata.name}`;
    const { phase, nodeName, ready, failure } = pod;
    const value = {
      pod: pod.key,
      role,
      owners,
      phase,
      nodeName,
      ready,
      failure,
      story,
      policy: about,
      status,
      decision,
      events,
    };
    io.out(JSON.stringify(value, undefined, 2));
    return;
  }
  for (const line of story) io.out(printable(line));
  const last = events.slice(-lastEvents);
  if (last.length === 0) return;
  io.out('');
  io.out('Events');
  for (const line of tableLines(last.map((event) => cellsOf(event, io.clock.now())))) io.out(line);
}

function cellsOf({ type, reason, message, count, atMs }: PodEvent, nowMs: number): readonly string[] {
  const age = seconds(Math.max(0, Math.round((nowMs - atMs) / 1000)));
  return [`${age} ago`, type, count > 1 ? `${reason} ×${count}` : reason, message];
}
