import type { Decision } from '../decide/decision.ts';
import { formatQuantity } from '../policy/quantity.ts';
import type { BurstPolicy } from '../policy/schema.ts';
import { documents, groupVersion, root } from './discovery.ts';
import { metricNames, seriesOf } from './metrics.ts';
import { readingOf } from './readings.ts';
import { type Answer, refuse } from './refusal.ts';
import { matches, parseSelector, type Requirement, SelectorProblem } from './selector.ts';

/** Where values come from: the caches of this process, whether it leads or not. */
export interface Known {
  /** Whether the caches have been filled. */
  synced(): boolean;
  /** All policies as they stand in the cluster, status included. */
  policies(): readonly BurstPolicy[];
  /** The last decision on a policy (`namespace/name`); undefined where this process does not lead. */
  decision(policy: string): Decision | undefined;
  /** Seconds since anybody was last seen to lead; infinite: never. */
  ledSecondsAgo(): number;
}

/** For so long without a leader, or without a decision of a leader that hangs, numbers are still told, seconds. */
export const longestSilenceSeconds = 60;

const longestUrl = 4096;

/** Answers one GET of the API. `url`: path and query as they came. */
export function answerTo(url: string, known: Known, nowMs: number): Answer {
  if (url.length > longestUrl) return refuse('EXTERNAL_METRICS_REQUEST_INVALID');
  const [path = '', query = ''] = url.split('?', 2);
  const document = Object.hasOwn(documents, path) ? documents[path] : undefined;
  if (document !== undefined) return { status: 200, body: document };
  const [namespaces, namespace, metric, ...rest] = partsOf(path);
  if (namespaces !== 'namespaces' || namespace === undefined || metric === undefined || rest.length > 0) {
    return refuse('EXTERNAL_METRICS_PATH_UNKNOWN');
  }
  try {
    const selector = parseSelector(new URLSearchParams(query).get('labelSelector') ?? '');
    return valuesOf({ namespace, metric, selector }, known, nowMs);
  } catch (error) {
    if (!(error instanceof SelectorProblem)) throw error;
    return refuse('EXTERNAL_METRICS_SELECTOR_INVALID', { problem: error.message });
  }
}

interface Question {
  readonly namespace: string;
  readonly metric: string;
  readonly selector: readonly Requirement[];
}

/**
 * All or nothing: an HPA adds the items up, so that one left out would count as 0 and scale down (promise 8). A refusal
 * makes it keep its replicas.
 */
function valuesOf({ namespace, metric, selector }: Question, known: Known, nowMs: number): Answer {
  if (!known.synced()) return refuse('EXTERNAL_METRICS_SYNCING');
  const policies = known.policies().filter((policy) => policy.metadata.namespace === namespace);
  const readings = policies.map((policy) =>
    readingOf(policy, decisionOn(policy, known, nowMs - longestSilenceSeconds * 1000)),
  );
  const all = seriesOf(metric, readings);
  if (all === undefined) {
    return refuse('EXTERNAL_METRICS_METRIC_UNKNOWN', { metrics: metricNames.join(', ') });
  }
  const series = all.filter(({ labels }) => matches(selector, labels));
  if (series.length === 0) return refuse('EXTERNAL_METRICS_NO_SERIES', { metric, namespace });
  if (known.ledSecondsAgo() > longestSilenceSeconds) return refuse('EXTERNAL_METRICS_NO_LEADER');
  const items: object[] = [];
  for (const { labels, value, lost, atMs } of series) {
    const { policy = '', source } = labels;
    const name = source === undefined ? policy : `${policy}, source ${source}`;
    if (lost) return refuse('EXTERNAL_METRICS_LOST', { policy: name });
    const quantity = value === undefined ? undefined : formatQuantity(Math.max(0, value));
    if (quantity === undefined || atMs === undefined) {
      return refuse('EXTERNAL_METRICS_VALUE_UNKNOWN', { metric, policy: name });
    }
    items.push({ metricName: metric, metricLabels: labels, timestamp: timeOf(atMs), value: quantity });
  }
  return {
    status: 200,
    body: { kind: 'ExternalMetricValueList', apiVersion: groupVersion, metadata: {}, items },
  };
}

/** The decision of this process, if it still decides: one whose loop hangs goes by the status, like the others. */
function decisionOn({ metadata }: BurstPolicy, known: Known, sinceMs: number): Decision | undefined {
  const decision = known.decision(`${metadata.namespace ?? 'default'}/${metadata.name}`);
  return decision !== undefined && decision.atMs >= sinceMs ? decision : undefined;
}

function partsOf(path: string): readonly string[] {
  if (!path.startsWith(`${root}/`)) return [];
  try {
    return path
      .slice(root.length + 1)
      .split('/')
      .map(decodeURIComponent);
  } catch {
    return [];
  }
}

/** metav1.Time knows no fractions of a second. */
function timeOf(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
