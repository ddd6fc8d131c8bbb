import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  countedIn,
  type QuotaPod,
  type QuotaSample,
  quotaRoom,
  uncounted,
} from '../../../src/azure/quota.ts';

const atMs = Date.parse('2026-01-02T03:04:05Z');
const ago = (seconds: number): number => atMs - seconds * 1000;

const pod = (uid: string, more: Partial<QuotaPod> = {}): QuotaPod => ({
  uid,
  cores: 1,
  running: true,
  boundAtMs: ago(60),
  ...more,
});

const sample = (used: number, limit: number, counted: Iterable<string> = []): QuotaSample => ({
  atMs,
  usages: [
    { name: 'ContainerGroups', limit: 100, used: 0 },
    { name: 'StandardCores', limit, used },
    { name: 'StandardSpotCores', limit: 0, used: 0 },
  ],
  counted: new Set(counted),
});

const ask = (given: QuotaSample, more: Partial<Parameters<typeof quotaRoom>[0]> = {}) =>
  quotaRoom({ sample: given, pods: [], cores: 1, promised: [], ...more });

test('what neither Azure counts nor anybody was promised is free', () => {
  assert.deepEqual(ask(sample(4, 10)), { name: 'StandardCores', limit: 10, used: 4, free: 6, replicas: 6 });
  assert.equal(ask(sample(4, 10), { cores: 4 })?.replicas, 1);
  assert.equal(ask(sample(4, 10), { promised: [{ replicas: 2, cores: 2 }] })?.replicas, 2);
  assert.equal(ask(sample(12, 10))?.replicas, 0);
});

test('the quota that leaves room for the fewest is named', () => {
  const usages = [
    { name: 'StandardCores', limit: 100, used: 0 },
    { name: 'ContainerGroups', limit: 10, used: 7 },
  ];
  assert.deepEqual(ask({ ...sample(0, 0), usages }, { cores: 0.5 }), {
    name: 'ContainerGroups',
    limit: 10,
    used: 7,
    free: 3,
    replicas: 3,
  });
  assert.equal(ask({ ...sample(0, 0), usages: [{ name: 'V100Cores', limit: 0, used: 0 }] }), undefined);
});

test('a pod that was bound after the sample is charged, one that the usage contains is not', () => {
  const pods = [pod('old'), pod('young', { boundAtMs: atMs + 1000 })];
  const given = sample(1, 10, countedIn([pod('old')], new Set(), atMs));
  assert.deepEqual(
    uncounted(given, pods).map(({ uid }) => uid),
    ['young'],
  );
  assert.equal(ask(given, { pods })?.free, 8);
});

test('a pod counts as part of the usage when its group is known to be there for long enough', () => {
  const counted = countedIn(
    [
      pod('runs'),
      pod('runs since now', { boundAtMs: ago(5) }),
      pod('starts, listed', { running: false }),
      pod('starts, not listed', { running: false }),
      pod('not bound', { boundAtMs: undefined }),
    ],
    new Set(['starts, listed']),
    atMs,
  );
  assert.deepEqual([...counted], ['runs', 'starts, listed']);
});

const cores = fc.integer({ min: 1, max: 400 }).map((hundredths) => hundredths / 100);
const someSample = fc.record({
  limit: fc.integer({ min: 0, max: 300 }),
  others: fc.integer({ min: 0, max: 100 }),
  pods: fc.uniqueArray(
    fc.record({
      uid: fc.uuid(),
      cores,
      running: fc.boolean(),
      boundAtMs: fc.option(fc.integer({ min: ago(120), max: atMs + 60_000 }), { nil: undefined }),
    }),
    { selector: ({ uid }) => uid, maxLength: 40 },
  ),
  listed: fc.array(fc.nat(39), { maxLength: 20 }),
  promised: fc.array(fc.record({ replicas: fc.integer({ min: 0, max: 20 }), cores }), { maxLength: 5 }),
  one: cores,
});

test('never more is free than fits, and each pod is charged or counted exactly once', () => {
  fc.assert(
    fc.property(someSample, ({ limit, others, pods, listed, promised, one }) => {
      const names = new Set(listed.flatMap((index) => pods[index]?.uid ?? []));
      const counted = countedIn(pods, names, atMs);
      // Azure counts what exists: the pods that are counted here are among those.
      const there = pods.filter(({ uid }) => counted.has(uid)).reduce((sum, each) => sum + each.cores, 0);
      const given = sample(others + there, limit, counted);
      const room = quotaRoom({ sample: given, pods, cores: one, promised });
      const all =
        others +
        pods.reduce((sum, each) => sum + each.cores, 0) +
        promised.reduce((sum, each) => sum + each.replicas * each.cores, 0);
      const replicas = room?.replicas ?? 0;
      if (replicas > 0) assert.ok(all + replicas * one <= limit + 1e-3);
      // It is no tighter than that either: one more would not have fitted, by cores or by groups.
      const groups = uncounted(given, pods).length + promised.reduce((sum, each) => sum + each.replicas, 0);
      const coresFull = all + (replicas + 1) * one > limit + 1e-9;
      const groupsFull = groups + replicas + 1 > 100;
      assert.ok(coresFull || groupsFull);
    }),
  );
});

test('a pod that is bound between the sample and now always makes the free room smaller', () => {
  fc.assert(
    fc.property(someSample, cores, ({ limit, pods, promised, one }, size) => {
      const given = sample(0, limit, countedIn(pods, new Set(), atMs));
      const free = (all: readonly QuotaPod[]): number =>
        quotaRoom({
          sample: { ...given, usages: given.usages.slice(1) },
          pods: all,
          cores: one,
          promised,
        })?.free ?? 0;
      const before = free(pods);
      const after = free([...pods, pod('new', { cores: size, boundAtMs: atMs + 1 })]);
      assert.ok(Math.abs(after - Math.max(0, before - size)) < 1e-6 || before === 0);
    }),
  );
});
