import assert from 'node:assert/strict';
import { test } from 'node:test';
import { levels, nameOf, scenarioOf } from '../../chaos/scenario.ts';
import { tableOf } from '../../chaos/table.ts';

test('the same seed gives the same run, another seed another', () => {
  assert.deepEqual(scenarioOf(7, 'long'), scenarioOf(7, 'long'));
  assert.notDeepEqual(scenarioOf(7, 'long'), scenarioOf(8, 'long'));
});

test('the short form has every fault but the long wait, the long form each of them three times', () => {
  const count = (form: 'short' | 'long'): Map<string, number> => {
    const all = Map.groupBy(scenarioOf(3, form), ({ fault }) => nameOf(fault));
    return new Map([...all].map(([name, steps]) => [name, steps.length]));
  };
  assert.ok([...count('short').values()].every((times) => times === 1));
  assert.equal(count('short').has('connections dead for good'), false);
  assert.equal(count('long').get('connections dead for good'), 1);
  assert.equal(count('long').get('API server killed and restarted'), 3);
});

test('the long form ends with connections that are forgotten, and a load that falls far', () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const [before, last] = scenarioOf(seed, 'long').slice(-2);
    assert.equal(last && nameOf(last.fault), 'connections dead for good');
    assert.ok((before?.level ?? 0) >= 600 && last?.level === levels[0]);
  }
});

test('the load changes at every step, so that every fault has something to hold up', () => {
  let before = 0;
  for (const { level } of scenarioOf(11, 'long')) {
    assert.ok(levels.includes(level) && level !== before);
    before = level;
  }
});

test('the table has the median and the worst of each fault, and says what never came right', () => {
  const healed = [
    { name: 'a fault', seconds: 3 },
    { name: 'a fault', seconds: 1 },
    { name: 'a fault', seconds: 2.25 },
    { name: 'another', seconds: undefined },
  ];
  const lines = tableOf(healed).split('\n');
  assert.match(lines[1] ?? '', /^a fault +3 +2\.3 +3\.0$/);
  assert.match(lines[2] ?? '', /^another +1 +never +never$/);
});
