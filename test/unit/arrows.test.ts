import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';

/**
 * Which rooms of the house each room may import from, besides itself (see docs/architecture.md). What is not listed
 * here knows everybody: the loop (controller.ts and loop/), cli.ts and commands/.
 */
const everyone = ['clock.ts', 'errors.ts'];
const allowed: Readonly<Record<string, readonly string[]>> = {
  'clock.ts': [],
  'errors.ts': [],
  // A configuration may name the rules of eligibility, which are plain data, and has the settings of rooms in it.
  'config.ts': [
    ...everyone,
    'act/eligibility/rule.ts',
    'act/eligibility/rule-settings.ts',
    'act/eligibility/rules.ts',
    'azure/settings.ts',
    'demand/prometheus-settings.ts',
    'external-metrics/settings.ts',
  ],
  'version.ts': [],
  'work-queue.ts': everyone,
  'loop/concerned.ts': [...everyone, 'policy', 'cluster'],
  // Writes certificates, and knows nothing of what they are for.
  certificate: [],
  policy: everyone,
  decide: ['policy'],
  'act/plan.ts': ['policy', 'decide', 'act'],
  // Of the drain's port the types alone: what workers say is what a drain goes by.
  act: [...everyone, 'config.ts', 'policy', 'decide', 'cluster', 'demand/drain.ts'],
  demand: [...everyone, 'config.ts', 'policy', 'decide'],
  // What a pod's status tells of a failure is told alike to the cluster's caches and to the lab.
  cluster: [...everyone, 'config.ts', 'policy', 'decide', 'limits/failure-cause.ts'],
  limits: [...everyone, 'config.ts', 'policy', 'decide', 'cluster'],
  azure: [...everyone, 'config.ts', 'policy', 'decide', 'cluster', 'limits'],
  report: [...everyone, 'config.ts', 'policy', 'decide', 'cluster', 'limits/burst-limits.ts'],
  web: [...everyone, 'policy', 'decide'],
  'external-metrics': ['certificate', ...everyone, 'policy', 'decide', 'cluster'],
  // A package of its own, for other people's processes.
  worker: [],
  // The lab plans as the controller does: `plan` and what it is made of, none of which does I/O.
  lab: [
    ...everyone,
    'certificate',
    'policy',
    'decide',
    'act/plan.ts',
    'act/adapt.ts',
    'act/companion.ts',
    'act/names.ts',
    'act/write.ts',
    'act/standing.ts',
    'act/drain-count.ts',
    'act/drain-note.ts',
    'act/drain-order.ts',
    'act/drain-sightings.ts',
    'act/drain-work.ts',
    'act/failed.ts',
    // So it does with limits: their pure files.
    'limits/group-size.ts',
    'limits/price.ts',
    'limits/pace.ts',
    'limits/spend.ts',
    'limits/failure-cause.ts',
    'limits/ledger.ts',
    'limits/outlook.ts',
  ],
};

/** Pure rooms: nothing from Node or from packages but plain computing. */
const pure: Readonly<Record<string, RegExp>> = {
  decide: /^$/,
  'act/plan.ts': /^$/,
  'act/plan-finalizer.ts': /^$/,
  'act/plan-sizes.ts': /^$/,
  'act/plan-workload.ts': /^$/,
  'act/drain.ts': /^$/,
  'act/drain-note.ts': /^$/,
  'act/drain-order.ts': /^$/,
  'act/drain-sightings.ts': /^$/,
  'act/drain-work.ts': /^$/,
  'act/companion.ts': /^node:crypto$/,
  'act/adapt.ts': /^$/,
  'azure/capability.ts': /^$/,
  'azure/group-state.ts': /^$/,
  'azure/orphans.ts': /^$/,
  'azure/pace.ts': /^$/,
  'azure/promised.ts': /^$/,
  'azure/quota.ts': /^$/,
};

interface Import {
  readonly from: string;
  readonly to: string;
  readonly types: boolean;
}

function importsOf(file: string): readonly Import[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/^(?:import|export)\s(type\s)?[^;]*?from '([^']+)';/gms)].map(
    ([, types, target = '']) => ({
      from: relative('src', file),
      to: target.startsWith('.') ? relative('src', join(dirname(file), target)) : target,
      types: types !== undefined,
    }),
  );
}

const imports = globSync('src/**/*.ts').flatMap(importsOf);

/** The most specific entry of a table that covers a file: the file itself, else its folder. */
function entryOf(table: Readonly<Record<string, unknown>>, file: string): string | undefined {
  return [file, file.split('/')[0] ?? ''].find((name) => Object.hasOwn(table, name));
}

test('arrows between the rooms of the house point one way', () => {
  const wrong = imports.filter(({ from, to }) => {
    const room = entryOf(allowed, from);
    if (room === undefined || !to.endsWith('.ts')) return false;
    const ownFolder =
      from.includes('/') && to.startsWith(`${from.split('/')[0]}/`) && room === from.split('/')[0];
    const rooms = allowed[room] ?? [];
    return !ownFolder && !rooms.includes(to) && !rooms.includes(to.split('/')[0] ?? '');
  });
  assert.deepEqual(
    wrong.map(({ from, to }) => `${from} → ${to}`),
    [],
  );
});

test('what is said to be pure imports nothing that does I/O', () => {
  const wrong = imports.filter(({ from, to, types }) => {
    const room = entryOf(pure, from);
    return room !== undefined && !types && !to.endsWith('.ts') && pure[room]?.test(to) !== true;
  });
  assert.deepEqual(
    wrong.map(({ from, to }) => `${from} → ${to}`),
    [],
  );
});

test('every room of the house is under the rule or known to stand above it', () => {
  const above = new Set(['controller.ts', 'loop', 'cli.ts', 'commands']);
  const rooms = new Set(globSync('src/**/*.ts').map((file) => relative('src', file).split('/')[0] ?? ''));
  const unknown = [...rooms].filter((room) => !Object.hasOwn(allowed, room) && !above.has(room));
  assert.deepEqual(unknown, []);
});
