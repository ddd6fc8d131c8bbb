import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Group } from '../../../src/azure/arm.ts';
import { lookForOrphans, type Suspects } from '../../../src/azure/orphans.ts';

const group = (name: string, more: Partial<Group> = {}): Group => ({
  name: `media-${name}`,
  pod: { uid: `uid-${name}`, namespace: 'media', name, nodeName: 'aci', createdAtMs: undefined },
  cores: 1,
  memoryBytes: 1e9,
  provisioningState: 'Succeeded',
  ...more,
});

/** A cluster with one virtual node and these pods, looked at again and again. */
function cluster(pods: Iterable<string>) {
  const there = new Set(pods);
  let suspects: Suspects = new Map();
  return {
    there,
    look: (groups: readonly Group[], atSeconds: number): readonly string[] => {
      const seen = lookForOrphans(suspects, {
        groups,
        hasNode: (name) => name === 'aci',
        priceOf: ({ cores }) => cores * 0.04,
        hasPod: ({ uid }) => there.has(uid),
        graceSeconds: 900,
        nowMs: atSeconds * 1000,
      });
      ({ suspects } = seen);
      return seen.orphans.map((orphan) => `${orphan.group}${orphan.due ? ' due' : ''}`);
    },
  };
}

test('a group without a pod is told at the second look, and due after the grace period', () => {
  const { look } = cluster(['uid-a']);
  const groups = [group('a'), group('b')];
  assert.deepEqual(look(groups, 0), []);
  assert.deepEqual(look(groups, 300), ['media-b']);
  assert.deepEqual(look(groups, 899), ['media-b']);
  assert.deepEqual(look(groups, 900), ['media-b due']);
  assert.deepEqual(look([group('a')], 1200), []);
});

test('a pod that is back, and a name that got another pod, begin anew', () => {
  const { look, there } = cluster([]);
  look([group('a')], 0);
  there.add('uid-a');
  assert.deepEqual(look([group('a')], 1000), []);
  there.delete('uid-a');
  assert.deepEqual(look([group('a')], 2000), []);
  assert.deepEqual(look([group('a')], 3000), ['media-a due']);
  const other = group('a', { pod: { ...group('a').pod, uid: 'another' } as Group['pod'] });
  assert.deepEqual(look([other], 4000), []);
});

test('groups of other nodes, of nobody, and those that are being deleted are not looked at', () => {
  const { look } = cluster([]);
  const groups = [
    group('a', { pod: undefined }),
    group('b', { pod: { ...group('b').pod, nodeName: 'other' } as Group['pod'] }),
    group('c', { provisioningState: 'Deleting' }),
  ];
  look(groups, 0);
  assert.deepEqual(look(groups, 5000), []);
});

test('nothing whose pod exists is ever an orphan, and nothing is due before the grace period', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          after: fc.integer({ min: 1, max: 600 }),
          groups: fc.uniqueArray(fc.nat(5)),
          pods: fc.uniqueArray(fc.nat(5)),
        }),
        { maxLength: 12 },
      ),
      (looks) => {
        let suspects: Suspects = new Map();
        let nowMs = 0;
        const gone = new Map<string, number>();
        for (const { after, groups, pods } of looks) {
          nowMs += after * 1000;
          const there = new Set(pods.map((index) => `uid-${index}`));
          for (let index = 0; index <= 5; index += 1) {
            const uid = `uid-${index}`;
            if (there.has(uid) || !groups.includes(index)) gone.delete(uid);
            else if (!gone.has(uid)) gone.set(uid, nowMs);
          }
          const seen = lookForOrphans(suspects, {
            groups: groups.map((index) => group(String(index))),
            hasNode: () => true,
            priceOf: () => undefined,
            hasPod: ({ uid }) => there.has(uid),
            graceSeconds: 900,
            nowMs,
          });
          ({ suspects } = seen);
          for (const { pod, due } of seen.orphans) {
            assert.ok(!there.has(pod.uid));
            if (due) assert.ok(nowMs - (gone.get(pod.uid) ?? nowMs) >= 900_000);
          }
        }
      },
    ),
  );
});
