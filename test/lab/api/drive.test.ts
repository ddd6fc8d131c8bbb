import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drive } from '../../../src/lab/drive.ts';
import type { World } from '../../../src/lab/world/types.ts';
import { createWorld } from '../../../src/lab/world/world.ts';
import { VirtualClock } from '../../unit/cluster/virtual-clock.ts';

const startMs = Date.parse('2026-01-02T03:04:05Z');

function givenWorld(): World {
  return createWorld({
    seed: 1,
    startMs,
    scenario: { pools: [{ name: 'vm', nodes: 0, cpu: '1', memory: '1Gi' }] },
  });
}

test('events happen when they are due, also those that come up earlier', async () => {
  const clock = new VirtualClock(5_000);
  const world = givenWorld();
  const running = drive(world, clock);
  const seen: number[] = [];
  const note = (): void => void seen.push(world.now() - startMs);
  world.schedule(startMs + 700, note);
  world.schedule(startMs + 200, note);
  await clock.pass(199);
  assert.deepEqual(seen, []);
  await clock.pass(1);
  assert.deepEqual(seen, [200]);
  await clock.pass(1_000);
  assert.deepEqual(seen, [200, 700]);
  running.catchUp();
  assert.equal(world.now(), startMs + 1_200);
  running.close();
});

test('with a speed of ten, a second of the clock is ten in the world', async () => {
  const clock = new VirtualClock();
  const world = givenWorld();
  const running = drive(world, clock, { speed: 10 });
  const seen: number[] = [];
  world.schedule(startMs + 5_000, () => seen.push(clock.now()));
  await clock.pass(1_000);
  assert.deepEqual(seen, [500]);
  running.catchUp();
  assert.equal(world.now(), startMs + 10_000);
  running.close();
});

test('after its end the world stands still', async () => {
  const clock = new VirtualClock();
  const world = givenWorld();
  const running = drive(world, clock);
  world.schedule(startMs + 100, () => assert.fail('it happened'));
  running.close();
  await clock.pass(1_000);
  running.catchUp();
  assert.equal(world.now(), startMs);
});
