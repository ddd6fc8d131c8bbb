import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';

/**
 * Which rooms of the house each room may import from, besides itself (see docs/architecture.md). What is not listed
 * here knows everybody: the loop (controller.ts, reconcile.ts, observe.ts), cli.ts and commands/.
 */
const everyone = ['clock.ts', 'errors.ts'];
const allowed: Readonly<Record<string, readonly string[]>> = {
  'clock.ts': [],
  'errors.ts': [],
  'config.ts': everyone,
  'version.ts': [],
  'work-queue.ts': everyone,
  'concerned.ts': [...everyone, 'policy', 'cluster'],
  policy: everyone,
  decide: ['policy'],
  'act/plan.ts': ['policy', 'decide', 'act'],
  act: [...everyone, 'config.ts', 'policy', 'decide', 'cluster'],
  demand: [...everyone, 'config.ts', 'policy', 'decide'],
  cluster: [...everyone, 'config.ts', 'policy', 'decide'],
  azure: [...everyone, 'config.ts', 'policy', 'decide'],
  report: [...everyone, 'config.ts', 'policy', 'decide', 'cluster'],
  web: [...everyone, 'policy', 'decide'],
  // The lab plans as the controller does: `plan` and what it is made of, none of which does I/O.
  lab: [
    ...everyone,
    'policy',
    'decide',
    'act/plan.ts',
    'act/adapt.ts',
    'act/companion.ts',
    'act/names.ts',
    'act/write.ts',
  ],
};

/** Pure rooms: nothing from Node or from packages but plain computing. */
const pure: Readonly<Record<string, RegExp>> = {
  decide: /^$/,
  'act/plan.ts': /^$/,
  'act/companion.ts': /^node:crypto$/,
  'act/adapt.ts': /^$/,
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
  const above = new Set(['controller.ts', 'reconcile.ts', 'observe.ts', 'cli.ts', 'commands']);
  const rooms = new Set(globSync('src/**/*.ts').map((file) => relative('src', file).split('/')[0] ?? ''));
  const unknown = [...rooms].filter((room) => !Object.hasOwn(allowed, room) && !above.has(room));
  assert.deepEqual(unknown, []);
});
