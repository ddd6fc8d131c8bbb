import type { ContenderResult, SimulationResult } from '../result.ts';

/** The columns of the result table: what it is called, and how a contender's cell reads. */
export const columns: readonly {
  readonly title: string;
  /** What it means, for the report. */
  readonly meaning: string;
  readonly cell: (result: ContenderResult) => string;
}[] = [
  {
    title: 'wait p50',
    meaning: 'half of the jobs started within this',
    cell: ({ waitSeconds }) => wait(waitSeconds.p50),
  },
  {
    title: 'p95',
    meaning: '95 of 100 jobs started within this',
    cell: ({ waitSeconds }) => wait(waitSeconds.p95),
  },
  {
    title: 'p99',
    meaning: '99 of 100 jobs started within this',
    cell: ({ waitSeconds }) => wait(waitSeconds.p99),
  },
  {
    title: 'in time',
    meaning: 'share of all jobs that started within the objective',
    cell: ({ shareInTime, keepsObjective }) => `${percent(shareInTime)} ${keepsObjective ? '✓' : '✗'}`,
  },
  { title: 'VM h', meaning: 'hours of VMs', cell: ({ costs }) => fixed(costs.vmHours, 1) },
  {
    title: 'burst pod-h',
    meaning: 'hours of pods on the virtual node',
    cell: ({ costs }) => fixed(costs.burstPodHours, 1),
  },
  { title: 'VM cost', meaning: 'what the VMs cost', cell: ({ costs }) => fixed(costs.vmCost, 2) },
  { title: 'burst cost', meaning: 'what the burst cost', cell: ({ costs }) => fixed(costs.burstCost, 2) },
  { title: 'total', meaning: 'both together', cell: ({ costs }) => fixed(costs.total, 2) },
  {
    title: 'scalings',
    meaning: 'changes of the replicas asked for',
    cell: ({ scaleEvents }) => whole(scaleEvents),
  },
  {
    title: 'restarted',
    meaning: 'jobs that had to start again: their worker was killed, or they failed',
    cell: ({ jobs }) => whole(jobs.restarted),
  },
];

/** What has to be said about a contender beside its figures. */
export function remarksOn({ name, jobs }: ContenderResult): readonly string[] {
  return [
    ...(jobs.unfinished > 0 ? [`${name} left ${whole(jobs.unfinished)} jobs undone`] : []),
    ...(jobs.failed > 0
      ? [`${name} lost ${whole(jobs.failed)} jobs: killed too often, or out of attempts`]
      : []),
  ];
}

/** What was simulated, in one line. */
export function headline({ origin, jobs, startMs, endMs, objective }: SimulationResult): string {
  const within = duration(objective.startWithinSeconds);
  return `${whole(jobs)} jobs (${origin}) over ${duration((endMs - startMs) / 1000)}; ${percent(objective.share)} should start within ${within}`;
}

/** The lower bound in one line. */
export function boundLine({ lowerBound, currency }: SimulationResult): string {
  const { cost, perReplicaHour, cheaper } = lowerBound;
  const where = cheaper === 'VM' ? 'on VMs that are full' : 'on the virtual node';
  return `lower bound: ${money(cost, currency)} (the work at ${fixed(perReplicaHour, 4)} a replica-hour, ${where}, never idle)`;
}

/** An amount with its currency, where one is named. */
export function money(amount: number, currency: string): string {
  return currency === '' ? fixed(amount, 2) : `${fixed(amount, 2)} ${currency}`;
}

/** A number with thousands kept apart. */
export function whole(value: number): string {
  return fixed(value, 0);
}

export function fixed(value: number, digits: number): string {
  const [left = '', right] = value.toFixed(digits).split('.');
  const apart = left.replaceAll(/\B(?=(\d{3})+$)/g, ' ');
  return right === undefined ? apart : `${apart}.${right}`;
}

export function percent(share: number): string {
  // Never rounded up to all of it.
  const hundredths = Math.floor(share * 10_000 + 1e-9);
  return `${(hundredths / 100).toFixed(hundredths % 100 === 0 ? 0 : hundredths % 10 === 0 ? 1 : 2)} %`;
}

/** Seconds as people read them: `0.4 s`, `35 s`, `4 min 05 s`, `2 h 10 min`. */
export function duration(seconds: number): string {
  if (seconds < 10 && seconds % 1 !== 0) return `${seconds.toFixed(1)} s`;
  const rounded = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(rounded / 3600), Math.floor(rounded / 60) % 60, rounded % 60];
  if (hours > 0) return minutes === 0 ? `${hours} h` : `${hours} h ${minutes} min`;
  if (minutes === 0) return `${rest} s`;
  return rest === 0 ? `${minutes} min` : `${minutes} min ${String(rest).padStart(2, '0')} s`;
}

function wait(seconds: number | undefined): string {
  return seconds === undefined ? '–' : duration(seconds);
}
