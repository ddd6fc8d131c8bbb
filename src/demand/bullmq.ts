import type { OkSample } from '../decide/observation.ts';
import type { ErrorCode } from '../errors.ts';
import type { Feed } from '../policy/policy.ts';
import { bullmqReader, bullmqWord } from './bullmq-reader.ts';
import { type JobCount, type Ledger, nextLedger, openLedger } from './ledger.ts';
import { type Answer, type KeyError, numberAt, type Probe, type Reading } from './redis/probe.ts';
import type { Report } from './report.ts';

type BullMQFeed = Extract<Feed, { readonly type: 'BullMQ' }>;

/** How often a queue is read that has jobs; one that has none, or does not exist, is swept. */
const busyMs = 250;
const sweepMs = 10_000;

/** How often the names of the pods that work are read: one hash a job. */
const detailMs = 1_000;

/** `worker.rateLimit()` writes 2^53 - 1 into the limiter, whatever its maximum is. */
const manualLimit = 2 ** 53 - 1;

/**
 * Reads a BullMQ queue. Ready jobs are `wait`, `prioritized` and what of `delayed` is due; a paused queue has no
 * backlog in either layout, since none of its jobs may start.
 */
export function bullmqProbe(feed: BullMQFeed, report: Report): Probe {
  const key = `${feed.prefix}:${feed.queue}:`;
  let ledger: Ledger | undefined;
  let detail: Detail = unread;

  return {
    reader: bullmqReader,
    key,
    argument: '',
    eventStream: `${key}events`,

    wantsDetail: (atMs) => atMs - detail.atMs >= detailMs,

    take({ words, json }: Answer, atMs: number): Reading {
      if (words[0] === 'missing') {
        report.lost('QUEUE_NOT_FOUND');
        return { nextMs: sweepMs, quiet: true, lastEventId: words[1] };
      }
      const counts = countsOf(words);
      ledger = ledger === undefined ? openLedger(jobCount(counts)) : nextLedger(ledger, jobCount(counts));
      if (json !== undefined) {
        const whole = (counts.named ?? 0) >= counts.active;
        detail = { busy: JSON.parse(json) as OkSample['busy'], atMs, whole };
      }
      // The first job after a pause has its pod's name read with it.
      if (counts.active === 0) detail = unread;
      report.ok(sampleOf(counts, ledger, detail, atMs));
      return readingOf(counts, atMs);
    },

    fail(error: KeyError) {
      report.lost(codeOf(error));
    },

    lose: (code) => report.lost(code),
  };
}

/** Who works on what, when that was read, and whether it was read of every active job. */
interface Detail {
  readonly busy: OkSample['busy'];
  readonly atMs: number;
  readonly whole: boolean;
}

const unread: Detail = { busy: {}, atMs: 0, whole: false };

type Counts = { readonly [Word in Exclude<keyof typeof bullmqWord, 'lastEventId'>]: number | undefined } & {
  readonly wait: number;
  readonly active: number;
  readonly ready: number;
  readonly lastEventId: string | undefined;
};

function countsOf(words: readonly string[]): Counts {
  const at = (word: keyof typeof bullmqWord) => numberAt(words, bullmqWord[word]);
  const wait = at('wait') ?? 0;
  const lastEventId = words[bullmqWord.lastEventId];
  return {
    wait,
    active: at('active') ?? 0,
    ready: wait + (at('prioritized') ?? 0) + (at('due') ?? 0),
    held: at('held'),
    prioritized: at('prioritized'),
    delayed: at('delayed'),
    due: at('due'),
    headDueMs: at('headDueMs'),
    parents: at('parents'),
    id: at('id'),
    completed: at('completed'),
    failed: at('failed'),
    paused: at('paused'),
    concurrency: at('concurrency'),
    max: at('max'),
    durationMs: at('durationMs'),
    limiterUsed: at('limiterUsed'),
    limiterResetsMs: at('limiterResetsMs'),
    waitingSinceMs: at('waitingSinceMs'),
    quiet: at('quiet'),
    lastEventId: lastEventId === '-' ? undefined : lastEventId,
    named: at('named'),
  };
}

/** `id` grows with every job added, those with an id of their own and duplicates of a known one included. */
function jobCount(counts: Counts): JobCount {
  const here = counts.ready + (counts.held ?? 0) + counts.active;
  const away = (counts.delayed ?? 0) - (counts.due ?? 0) + (counts.parents ?? 0);
  const counted =
    counts.completed === undefined && counts.failed === undefined
      ? undefined
      : (counts.completed ?? 0) + (counts.failed ?? 0);
  return { here, away, gone: (counts.id ?? 0) - here - away, counted };
}

function sampleOf(counts: Counts, ledger: Ledger, detail: Detail, atMs: number): OkSample {
  const paused = counts.paused === 1;
  const backlog = paused ? 0 : counts.ready;
  const { max, durationMs, waitingSinceMs, limiterUsed = 0, limiterResetsMs = 0 } = counts;
  return {
    state: 'ok',
    atMs,
    backlog,
    active: counts.active,
    oldestAgeSeconds:
      backlog === 0 || waitingSinceMs === undefined ? undefined : Math.max(0, atMs - waitingSinceMs) / 1000,
    arrivalsTotal: ledger.arrivalsTotal,
    completionsTotal: ledger.completionsTotal,
    arrivalsPerSecond: undefined,
    paused,
    rateLimited: limiterResetsMs > 0 && limiterUsed >= (max ?? manualLimit),
    concurrencyLimit: counts.concurrency,
    rateLimitPerSecond:
      max === undefined || durationMs === undefined || durationMs <= 0
        ? undefined
        : (max * 1000) / durationMs,
    busy: detail.busy,
    names: { atMs: detail.atMs, whole: detail.whole },
  };
}

function readingOf(counts: Counts, atMs: number): Reading {
  const { lastEventId } = counts;
  if (counts.quiet !== 1) return { nextMs: busyMs, quiet: false, lastEventId };
  // Nothing is written when a delayed job becomes due: it is looked for at that moment.
  const dueInMs =
    counts.headDueMs === undefined || counts.headDueMs < atMs ? sweepMs : counts.headDueMs - atMs;
  return { nextMs: Math.min(sweepMs, dueInMs), quiet: true, lastEventId };
}

function codeOf(error: KeyError): ErrorCode {
  if (error === 'missing') return 'QUEUE_NOT_FOUND';
  return error === 'wrongType' ? 'QUEUE_WRONG_TYPE' : error;
}
