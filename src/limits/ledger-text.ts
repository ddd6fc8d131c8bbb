import { z } from 'zod';
import type { Ledger } from './ledger.ts';
import { coarser } from './spend.ts';

/** The version that this program writes; a text of another one is not read. */
const version = 1;

const amount = z.number().min(0);
const time = z.number();
const cause = z.enum([
  'Quota',
  'Capacity',
  'Image',
  'Network',
  'Throttled',
  'Rejected',
  'StuckCreating',
  'Vanished',
  'Unknown',
]);

/** A text of before has none of them: its failures of the last five minutes are forgotten. */
const tally = z.array(z.tuple([time, z.number().positive()])).default([]);

const breaker = z.discriminatedUnion('state', [
  z.object({ state: z.literal('closed'), failures: tally, successes: tally }),
  z.object({ state: z.literal('open'), sinceMs: time, waitSeconds: z.number().positive(), cause }),
]);

/** The text as it stands in the cluster: short keys, because a thousand policies have to fit. */
const written = z.object({
  version: z.literal(version),
  chargedAtMs: time.optional(),
  /** Rate, then number and amount of each bucket; a number counts from the one before. */
  spend: z.record(z.string(), z.array(amount).min(1)),
  creations: z.record(z.string(), z.array(z.tuple([z.string(), time]))),
  pools: z.record(z.string(), breaker),
  templates: z.record(z.string(), breaker),
  counted: z.array(z.string()),
  spendUnknownUntilMs: time.optional(),
});

/**
 * The ledger as text of at most `maxBytes`: where it would be longer, older spend is told in longer and longer parts (it
 * then counts up to an hour too long, never too short).
 */
export function ledgerText(ledger: Ledger, maxBytes: number): string {
  let text = '';
  for (const factor of [1, 3, 6, 12, 72, 288]) {
    text = textOf(factor === 1 ? ledger : { ...ledger, spend: coarser(ledger.spend, factor) });
    if (Buffer.byteLength(text) <= maxBytes) break;
  }
  return text;
}

/** The ledger of a text; undefined: it is damaged, or of another version. */
export function parseLedger(text: string): Ledger | undefined {
  const parsed = written.safeParse(json(text));
  if (!parsed.success) return undefined;
  const { chargedAtMs, spend, creations, pools, templates, counted, spendUnknownUntilMs } = parsed.data;
  const policies = Object.entries(spend).map(([key, [ratePerHour = 0, ...numbers]]) => [
    key,
    { ratePerHour, buckets: bucketsOf(numbers) },
  ]);
  return {
    spend: { chargedAtMs, policies: Object.fromEntries(policies) },
    creations,
    poolBreakers: pools,
    templateBreakers: templates,
    counted,
    spendUnknownUntilMs,
  };
}

function textOf({ spend, creations, poolBreakers, templateBreakers, counted, ...rest }: Ledger): string {
  const policies = Object.entries(spend.policies).map(([key, { ratePerHour, buckets }]) => [
    key,
    [
      ratePerHour,
      ...buckets.flatMap(([number, amount], index) => [number - (buckets[index - 1]?.[0] ?? 0), amount]),
    ],
  ]);
  return JSON.stringify({
    version,
    chargedAtMs: spend.chargedAtMs,
    spend: Object.fromEntries(policies),
    creations,
    pools: poolBreakers,
    templates: templateBreakers,
    counted,
    spendUnknownUntilMs: rest.spendUnknownUntilMs,
  });
}

function bucketsOf(numbers: readonly number[]): readonly (readonly [number, number])[] {
  const buckets: (readonly [number, number])[] = [];
  for (let index = 0; index + 1 < numbers.length; index += 2) {
    buckets.push([(buckets.at(-1)?.[0] ?? 0) + (numbers[index] ?? 0), numbers[index + 1] ?? 0]);
  }
  return buckets;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
