import { parse } from 'yaml';

/** What cluster-autoscaler's status says, whichever way it was written. */
export interface AutoscalerStatus {
  /** It runs; before that it has nothing to tell. */
  readonly running: boolean;
  /** It has stopped adding VMs because too many nodes of the cluster are unready. */
  readonly unhealthy: boolean;
  readonly groups: readonly NodeGroup[];
}

/** A group of VMs that cluster-autoscaler scales. */
export interface NodeGroup {
  readonly name: string;
  /** VMs that are Ready, that are there or asked for, and that there may be at most. */
  readonly ready: number;
  readonly target: number;
  readonly max: number;
  /** `InProgress`, `Backoff`, `NoActivity`, …; empty: not told. */
  readonly scaleUp: string;
  /** Since when `scaleUp` is so, milliseconds since the epoch; undefined: not told. */
  readonly sinceMs: number | undefined;
  /** One word of the cloud provider (`QUOTA_EXCEEDED`); undefined: none, or not one word. */
  readonly errorCode: string | undefined;
}

/**
 * Reads the key `status` of the ConfigMap: YAML since cluster-autoscaler 1.30 (clusterstate/api `ClusterAutoscalerStatus`),
 * plain text before (clusterstate/utils `GetReadableString`). Undefined: it is neither.
 */
export function readStatus(text: string): AutoscalerStatus | undefined {
  return /^Cluster-autoscaler status at /m.test(text) ? readText(text) : readYaml(text);
}

/**
 * When the status was written, milliseconds since the epoch: `annotation` is `cluster-autoscaler.kubernetes.io/last-updated`,
 * and both forms say it too. Undefined: nowhere.
 */
export function writtenAtMs(annotation: string | undefined, text: string): number | undefined {
  const told = /^(?:time:\s*["']?|Cluster-autoscaler status at )(\d{4}-\d\d-\d\d \S+ \S+)/m.exec(text)?.[1];
  return timeMs(annotation) ?? timeMs(told);
}

interface Yaml {
  readonly autoscalerStatus?: string;
  readonly clusterWide?: { readonly health?: { readonly status?: string } };
  readonly nodeGroups?: readonly {
    readonly name?: string;
    readonly health?: {
      readonly nodeCounts?: { readonly registered?: { readonly ready?: number } };
      readonly cloudProviderTarget?: number;
      readonly maxSize?: number;
    };
    readonly scaleUp?: {
      readonly status?: string;
      readonly backoffInfo?: { readonly errorCode?: string };
      readonly lastTransitionTime?: string;
    };
  }[];
}

function readYaml(text: string): AutoscalerStatus | undefined {
  const status = parsed(text);
  if (status?.autoscalerStatus === undefined) return undefined;
  return {
    running: status.autoscalerStatus === 'Running',
    unhealthy: status.clusterWide?.health?.status === 'Unhealthy',
    groups: (status.nodeGroups ?? []).map(({ name = '', health = {}, scaleUp = {} }) => ({
      name,
      ready: health.nodeCounts?.registered?.ready ?? 0,
      target: health.cloudProviderTarget ?? 0,
      max: health.maxSize ?? 0,
      scaleUp: scaleUp.status ?? '',
      sinceMs: timeMs(scaleUp.lastTransitionTime),
      errorCode: word(scaleUp.backoffInfo?.errorCode),
    })),
  };
}

function parsed(text: string): Yaml | undefined {
  try {
    const status: unknown = parse(text);
    return typeof status === 'object' && status !== null ? status : undefined;
  } catch {
    return undefined;
  }
}

const healthLine = /^\s*Health:\s+(\w+)/m;
const groupHealth = /^\s*Health:.*?\bready=(\d+).*?\bcloudProviderTarget=(\d+).*?\bmaxSize=(\d+)/m;
const scaleUpLines = /^\s*ScaleUp:\s+(\w+)[^\n]*((?:\n\s+Last\w+:[^\n]*)*)/m;

/** The text form has no codes, and a section `Name: …` for each group. */
function readText(text: string): AutoscalerStatus {
  const [head = '', ...sections] = text.split(/^\s*Name:\s+/m);
  const groups = sections.map((section) => {
    const [, ready = '', target = '', max = ''] = groupHealth.exec(section) ?? [];
    const [, scaleUp = '', times = ''] = scaleUpLines.exec(section) ?? [];
    return {
      name: /^\S+/.exec(section)?.[0] ?? '',
      ready: Number(ready),
      target: Number(target),
      max: Number(max),
      scaleUp,
      sinceMs: timeMs(/LastTransitionTime:\s+(.+)/.exec(times)?.[1]),
      errorCode: undefined,
    };
  });
  return { running: groups.length > 0, unhealthy: healthLine.exec(head)?.[1] === 'Unhealthy', groups };
}

/** A word as codes are; anything else may be a server's own text, which is not passed on. */
function word(text: string | undefined): string | undefined {
  return text !== undefined && /^[A-Za-z][\w.-]{0,63}$/.test(text) ? text : undefined;
}

/** Time as Go prints it, `2023-11-24 04:28:19.546750398 +0000 UTC m=+54.67`, to the second, or RFC 3339. */
function timeMs(text: string | undefined): number | undefined {
  const go = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.\d+)? ([+-]\d\d)(\d\d)/.exec(text ?? '');
  const [, day = '', time = '', hours = '', minutes = ''] = go ?? [];
  const ms = Date.parse(go === null ? (text ?? '') : `${day}T${time}${hours}:${minutes}`);
  return Number.isNaN(ms) ? undefined : ms;
}
