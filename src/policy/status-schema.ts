import { z } from 'zod';
import { count, dateTime, largeCount, listMapBy, map, text } from './fields.ts';

const condition = z.object({
  type: text(
    'What the condition is about: Accepted, Eligible, SignalsAvailable, Saturated, Bursting or Limited.',
    316,
  ),
  status: z
    .enum(['True', 'False', 'Unknown'])
    .describe('Whether it holds; Unknown where Spillway cannot tell.'),
  observedGeneration: largeCount(
    'The generation of the policy that the condition was computed for.',
  ).optional(),
  lastTransitionTime: dateTime('When status last changed.'),
  reason: text('One PascalCase word for machines.', 1024),
  message: text('A sentence for people: what is so and what to do about it.', 32_768),
});

const reason = z.object({
  code: text('What kind of reason it is, in PascalCase.', 128),
  message: text('The reason in words.', 4096),
  numbers: map(
    'The numbers that the reason rests on, by name.',
    z.number().describe('One number, in the unit that its name says.'),
    64,
  ).optional(),
});

const burst = z.object({
  wanted: count('Burst replicas that the spill asks for, after delay and reclaim.'),
  granted: count('Burst replicas that the limits let through.'),
  running: count('Burst pods that are bound to virtual nodes.'),
});

const source = z.object({
  name: text('Name of the source.', 63),
  state: z.enum(['Ok', 'Lost']).describe('Lost: it cannot be read, and has no numbers.'),
  backlog: largeCount('Jobs that wait.').optional(),
  oldestJobAge: text('How long its oldest waiting job has waited, as a duration.', 64).optional(),
  demand: text('Replicas that it asks for, as a quantity such as 3 or 2500m.', 64).optional(),
});

const cost = z.object({
  ratePerHour: text(
    'What the running burst costs per hour, in the configured currency, as a decimal.',
    64,
  ).optional(),
  spentToday: text(
    'What was spent over the last 24 h, in the configured currency, as a decimal.',
    64,
  ).optional(),
  exhaustedIn: text(
    "How long the day's budget lasts at this rate, as a duration such as 2h30m; left out where it has none or nothing is spent.",
    64,
  ).optional(),
});

const lastDecision = z.object({
  id: text('The id that every write of this decision carries.', 256),
  at: dateTime('When it was decided.'),
  summary: text('Why, in one sentence.', 4096),
  reasons: z
    .array(reason)
    .max(64)
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .describe('All reasons, with their numbers.')
    .optional(),
});

/** What Spillway reports about a policy. Nothing of it is ever read back as an order. */
export const statusSchema = z.object({
  observedGeneration: largeCount(
    'The generation of the policy that this status was computed for.',
  ).optional(),
  conditions: z
    .array(condition)
    .max(32)
    .meta(listMapBy('type'))
    .describe('What holds for the policy now, by type.')
    .optional(),
  demand: count('Replicas wanted now.').optional(),
  placed: count('Pods of the target that are bound to live VM nodes.').optional(),
  headroom: count('How many more pods of the target fit on the VM pool right now.').optional(),
  stuck: count('Pods of the target that the scheduler has called Unschedulable.').optional(),
  burst: burst.describe('Burst replicas: wanted, granted and running.').optional(),
  backlog: largeCount('Jobs that wait, over all sources.').optional(),
  oldestJobAge: text(
    'How long the oldest waiting job has waited, as a duration such as 1m30s.',
    64,
  ).optional(),
  sources: z
    .array(source)
    .max(16)
    .meta(listMapBy('name'))
    .describe('What each source says. External metrics of replicas that do not lead come from here.')
    .optional(),
  cost: cost.describe('What the burst costs, where prices are configured.').optional(),
  lastDecision: lastDecision.describe('The last decision and why it came out so.').optional(),
});
