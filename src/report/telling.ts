import type { Decision, SourceDemand } from '../decide/decision.ts';
import type { GroupObservation } from '../decide/observation.ts';
import { count, seconds } from '../decide/words.ts';
import type { BurstPolicyStatus } from '../policy/schema.ts';
import { type Cell, printable, tableLines } from './table.ts';

/** What there is to tell about a policy: its status in the cluster, and the whole decision where a controller gave it. */
export interface Told {
  /** `namespace/name`. */
  readonly policy: string;
  /** `Deployment thumbnail-worker`. */
  readonly target: string;
  readonly status: BurstPolicyStatus | undefined;
  readonly decision: Decision | undefined;
  /** Container groups that do not simply run; undefined or left out: none that is known. */
  readonly groups?: readonly GroupObservation[] | undefined;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/** The last decision on a policy as a person would tell it: the sentence first, then the numbers, then why. */
export function tell(told: Told): readonly string[] {
  const { policy, target, status, decision, nowMs } = told;
  const last = decision ?? status?.lastDecision;
  const atMs = decision?.atMs ?? Date.parse(status?.lastDecision?.at ?? '');
  const reasons = (last?.reasons ?? []).map(({ code, message }) => [code, message]);
  return [
    printable(`${policy} (${target})`),
    ...(last === undefined
      ? []
      : [
          printable(last.summary),
          '',
          printable(`Decided ${ago(nowMs - atMs)}, ${isoTime(atMs)}, decision ${last.id}.`),
        ]),
    ...titled('Numbers', decision === undefined ? statusRows(status) : decisionRows(decision)),
    ...titled('Sources', decision === undefined ? [] : sourceRows(decision.sources)),
    ...titled('Container groups', (told.groups ?? []).map(groupRow)),
    ...titled('Why', reasons),
    ...titled('Conditions', conditionRows(status)),
  ];
}

function groupRow({ pod, group, state, restarts, events, ageSeconds }: GroupObservation): readonly Cell[] {
  const restarted = restarts === 0 ? '' : `, restarted ${restarts} times`;
  const happened = events.length === 0 ? '' : `, last ${events.join(', ')}`;
  return [pod, group, `${state}${restarted}${happened} (told ${ago(ageSeconds * 1000)})`];
}

function titled(title: string, rows: readonly (readonly Cell[])[]): readonly string[] {
  return rows.length === 0 ? [] : ['', title, ...tableLines(rows)];
}

function decisionRows(decision: Decision): readonly (readonly Cell[])[] {
  const { burst, targetReplicas } = decision;
  const limits = burst.limitedBy.length === 0 ? '' : `limited by ${burst.limitedBy.join(', ')}`;
  return [
    row('demand', decision.demand, 'replicas wanted now'),
    row('placed', decision.placed, `pods on VMs, ${count(decision.placedReady)} of them ready`),
    row('headroom', decision.headroom, 'more pods fit on VMs'),
    row('stuck', decision.stuck, 'pods that the scheduler cannot place'),
    row('spill', decision.spill, 'of the demand do not fit on VMs'),
    row('burst wanted', burst.wanted, 'after delay and reclaim'),
    row('burst granted', burst.granted, limits),
    row('burst asked', burst.asked, 'replicas asked for before this decision'),
    row('burst running', burst.running, 'bound to a virtual node'),
    row(
      'burst draining',
      decision.draining.burst,
      `chosen to leave, ${count(decision.draining.busy)} draining pods busy`,
    ),
    row('left pending', burst.pendingForGrowth, 'so that the VM pool grows'),
    targetReplicas === undefined
      ? ['target replicas', { right: '-' }, 'set by others']
      : row('target replicas', targetReplicas, 'set by Spillway'),
  ];
}

function statusRows(status: BurstPolicyStatus | undefined): readonly (readonly Cell[])[] {
  const { demand, placed, headroom, stuck, burst, backlog, oldestJobAge } = status ?? {};
  const rows = [
    row(
      'backlog',
      backlog,
      oldestJobAge === undefined ? 'jobs' : `jobs, the oldest waits for ${oldestJobAge}`,
    ),
    row('demand', demand, 'replicas wanted now'),
    row('placed', placed, 'pods on VMs'),
    row('headroom', headroom, 'more pods fit on VMs'),
    row('stuck', stuck, 'pods that the scheduler cannot place'),
    row('burst wanted', burst?.wanted, 'after delay and reclaim'),
    row('burst granted', burst?.granted, 'after limits'),
    row('burst running', burst?.running, 'bound to a virtual node'),
  ];
  return demand === undefined ? [] : rows;
}

function row(name: string, value: number | undefined, remark: string): readonly Cell[] {
  return [name, { right: shown(value, count) }, remark];
}

function sourceRows(sources: readonly SourceDemand[]): readonly (readonly Cell[])[] {
  if (sources.length === 0) return [];
  const titles = ['backlog', 'active', 'oldest', 'arrivals/s', 'job takes', 'replicas', 'signal'];
  return [
    ['', ...titles.map((right) => ({ right }))],
    ...sources.map((source) => [
      source.name,
      ...[
        shown(source.backlog, count),
        shown(source.active, count),
        shown(source.oldestAgeSeconds, seconds),
        shown(source.arrivalsPerSecond, count),
        shown(source.serviceSeconds, seconds),
        count(source.replicas),
        source.state,
      ].map((right) => ({ right })),
    ]),
  ];
}

function conditionRows(status: BurstPolicyStatus | undefined): readonly (readonly Cell[])[] {
  return (status?.conditions ?? []).map(({ type, status, reason, message }) => [
    type,
    status,
    reason,
    message,
  ]);
}

function shown(value: number | undefined, words: (value: number) => string): string {
  return typeof value === 'number' ? words(value) : '-';
}

function ago(elapsedMs: number): string {
  return elapsedMs < 1000 ? 'just now' : `${seconds(Math.round(elapsedMs / 1000))} ago`;
}

function isoTime(atMs: number): string {
  return Number.isFinite(atMs) ? new Date(atMs).toISOString() : 'at an unknown time';
}
