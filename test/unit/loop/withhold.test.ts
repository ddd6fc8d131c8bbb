import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReflectorHealth } from '../../../src/cluster/view.ts';
import { staleKinds, type WithholdParts, withheld } from '../../../src/loop/withhold.ts';

const health = (kind: ReflectorHealth['kind'], ageSeconds: number): ReflectorHealth => ({
  kind,
  namespace: undefined,
  state: 'failing',
  lastEventAtMs: undefined,
  ageSeconds,
  restarts: 0,
});

interface Given {
  readonly parts: WithholdParts;
  readonly logged: string[];
  readonly counted: number[];
  ages: readonly ReflectorHealth[];
}

function given(): Given {
  const [logged, counted]: [string[], number[]] = [[], []];
  const log = (_: unknown, message: string): void => void logged.push(message);
  const one: Given = {
    logged,
    counted,
    ages: [],
    parts: {
      view: { health: () => one.ages },
      metrics: { countWithheld: (_, writes) => void counted.push(writes) },
      log: { warn: log, info: log } as WithholdParts['log'],
      maxCacheAgeSeconds: 180,
    },
  };
  return one;
}

test('caches that are too old are named, and logged once until they are fresh again', () => {
  const one = given();
  one.ages = [health('nodes', 20), health('pods', 181), health('jobs', Number.POSITIVE_INFINITY)];
  let stale = staleKinds(one.parts, 'media/a', []);
  assert.deepEqual(stale, ['pods', 'jobs']);
  for (let pass = 0; pass < 5; pass += 1) stale = staleKinds(one.parts, 'media/a', stale);
  assert.deepEqual(one.logged, ['caches too old to write']);
  one.ages = [health('nodes', 20), health('pods', 180)];
  assert.deepEqual(staleKinds(one.parts, 'media/a', stale), []);
  assert.deepEqual(one.logged, ['caches too old to write', 'caches are fresh again']);
});

test('what is withheld is counted, and the sentence names the caches and no changing number', () => {
  const one = given();
  const { code, message } = withheld(one.parts, 'media/a', ['pods', 'nodes'], [{}, {}, {}]);
  assert.deepEqual([code, one.counted], ['CACHES_STALE', [3]]);
  assert.match(message, /180 s .* pods, nodes/);
});
