import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { Interner } from '../../../src/cluster/intern.ts';
import type { RawObject } from '../../../src/cluster/raw.ts';
import { slimAs } from '../../../src/cluster/resources.ts';
import { type Kind, Store } from '../../../src/cluster/store.ts';
import { type Concern, Concerned } from '../../../src/loop/concerned.ts';
import { policy } from '../decide/given.ts';

const ours = policy({ key: 'media/thumbnails', uid: 'policy-uid' });
const namespace = 'media';
let version = 0;
let store: Store;
let concerned: Concerned;
let heard: Concern[];

/** An object that the cluster now has, owned by the one with this UID. */
function put(
  kind: Kind,
  name: string,
  more: { owner?: string; spec?: object; labels?: Readonly<Record<string, string>> } = {},
): void {
  version += 1;
  const ownerReferences = more.owner === undefined ? [] : [{ uid: more.owner, controller: true }];
  const raw: RawObject & { spec: object } = {
    metadata: {
      name,
      namespace,
      uid: `${name}-uid`,
      resourceVersion: String(version),
      ownerReferences,
      labels: more.labels ?? {},
    },
    spec: more.spec ?? {},
  };
  store[kind].applied(slimAs(kind, raw, new Interner()) as never);
}

beforeEach(() => {
  store = new Store();
  concerned = new Concerned(store);
  concerned.add(ours);
  heard = [];
  store.onChange((change) => heard.push(concerned.of(change)));
});

describe('a change concerns', () => {
  test('the policy of the target, and of everything under it', () => {
    put('deployments', 'thumbnail-worker');
    put('replicasets', 'set', { owner: 'thumbnail-worker-uid' });
    put('pods', 'pod', { owner: 'set-uid' });
    assert.deepEqual(heard, [
      { policies: [ours.key], room: false },
      { policies: [ours.key], room: false },
      { policies: [ours.key], room: true },
    ]);
  });

  test('the policy that owns the companion, and of its pods', () => {
    put('deployments', 'companion', { owner: ours.uid });
    put('replicasets', 'set', { owner: 'companion-uid' });
    put('pods', 'pod', { owner: 'set-uid' });
    assert.deepEqual(
      heard.map(({ policies }) => policies),
      [[ours.key], [ours.key], [ours.key]],
    );
  });

  test('the policy whose target an HPA scales', () => {
    put('hpas', 'hpa', { spec: { scaleTargetRef: { kind: 'Deployment', name: 'thumbnail-worker' } } });
    assert.deepEqual(heard, [{ policies: [ours.key], room: false }]);
  });

  test("nobody but who waits for room, where it is somebody else's pod", () => {
    put('deployments', 'other');
    put('replicasets', 'set', { owner: 'other-uid' });
    put('pods', 'pod', { owner: 'set-uid' });
    put('nodes', 'vm-1');
    assert.deepEqual(heard, [
      { policies: [], room: false },
      { policies: [], room: false },
      { policies: [], room: true },
      { policies: [], room: true },
    ]);
  });

  test('the policies that select the Job, and of its pods', () => {
    const labels = { app: 'render' };
    const about = policy({
      key: 'media/jobs',
      uid: 'jobs-uid',
      target: { kind: 'Jobs', matchLabels: labels },
    });
    concerned.add(about);
    put('jobs', 'job', { labels: { ...labels, more: 'yes' } });
    put('pods', 'pod', { owner: 'job-uid' });
    put('jobs', 'other', { labels: { app: 'other' } });
    put('pods', 'other-pod', { owner: 'other-uid' });
    concerned.delete(about);
    put('jobs', 'late', { labels });
    assert.deepEqual(
      heard.map(({ policies }) => policies),
      [['media/jobs'], ['media/jobs'], [], [], []],
    );
  });

  test('the policy of a StatefulSet, and of its pods', () => {
    concerned.add(policy({ key: 'media/set', uid: 'set', target: { kind: 'StatefulSet', name: 'cache' } }));
    put('statefulsets', 'cache');
    put('pods', 'cache-0', { owner: 'cache-uid' });
    assert.deepEqual(
      heard.map(({ policies }) => policies),
      [['media/set'], ['media/set']],
    );
  });

  test('every policy with the same target, and none that was taken away', () => {
    const second = policy({ key: 'media/second', uid: 'second-uid' });
    concerned.add(second);
    put('deployments', 'thumbnail-worker');
    concerned.delete(ours);
    put('deployments', 'thumbnail-worker');
    assert.deepEqual(
      heard.map(({ policies }) => policies),
      [[ours.key, second.key], [second.key]],
    );
  });
});
