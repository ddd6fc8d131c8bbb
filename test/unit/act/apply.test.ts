import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { applyWrite } from '../../../src/act/apply.ts';
import { companionManifest, designCompanion } from '../../../src/act/companion.ts';
import type { Write } from '../../../src/act/write.ts';
import { ApiError } from '../../../src/cluster/api-error.ts';
import type { ClusterClient, RequestOptions } from '../../../src/cluster/client.ts';
import { policy } from '../decide/given.ts';

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly options: RequestOptions | undefined;
}

/** An API server that answers every request in turn with a value or an error. */
function answering(...answers: readonly unknown[]): {
  readonly client: ClusterClient;
  readonly sent: Sent[];
} {
  const sent: Sent[] = [];
  return {
    sent,
    client: {
      namespace: undefined,
      async request(method, path, options) {
        const answer = answers[sent.length];
        sent.push({ method, path, options });
        if (answer instanceof Error) throw answer;
        return answer;
      },
      stream: () => Promise.reject(new Error('nothing is watched here')),
      close: () => Promise.resolve(),
    },
  };
}

const refused = (status: number, reason: string) =>
  new ApiError({ verb: 'patch', resource: 'deployments' }, status, reason);
const open = { holds: () => true };
const target = { name: 'worker', namespace: 'media', uid: 'target-uid' };
const manifest = companionManifest(policy(), target, designCompanion(target, {}), 3, 'decision');
const create: Write = {
  kind: 'CreateCompanion',
  namespace: 'media',
  name: 'worker-burst-1',
  manifest,
  to: 3,
  decisionId: 'decision',
};
const scale: Write = {
  kind: 'ScaleTarget',
  namespace: 'media',
  name: 'worker',
  resourceVersion: '7',
  from: 2,
  to: 5,
  decisionId: 'decision',
};

describe('a write', () => {
  test('is not sent by who does not lead', async () => {
    const { client, sent } = answering();
    assert.deepEqual(await applyWrite(scale, client, { holds: () => false }), { state: 'fenced' });
    assert.equal(sent.length, 0);
  });

  test('names the version it was planned for, the decision, and who writes', async () => {
    const { client, sent } = answering({});
    await applyWrite(scale, client, open);
    assert.equal(sent[0]?.path, '/apis/apps/v1/namespaces/media/deployments/worker?fieldManager=spillway');
    assert.equal(sent[0]?.options?.contentType, 'application/merge-patch+json');
    assert.deepEqual(sent[0]?.options?.body, {
      metadata: { resourceVersion: '7', annotations: { 'spillway.dev/decision': 'decision' } },
      spec: { replicas: 5 },
    });
  });

  test('deletes only the very object that was seen', async () => {
    const { client, sent } = answering({});
    const gone: Write = {
      kind: 'DeleteCompanion',
      namespace: 'media',
      name: 'worker-burst-1',
      uid: 'u',
      resourceVersion: '9',
      decisionId: 'decision',
    };
    await applyWrite(gone, client, open);
    assert.deepEqual(sent[0]?.options?.body, {
      propagationPolicy: 'Background',
      preconditions: { uid: 'u', resourceVersion: '9' },
    });
  });

  test('notes a drain on a pod, or takes both annotations away', async () => {
    const { client, sent } = answering({}, {}, {});
    const on = {
      kind: 'SetDrain',
      namespace: 'media',
      name: 'pod-1',
      resourceVersion: '3',
      ended: undefined,
      decisionId: 'decision',
    } as const;
    const note = { stage: 'draining', sinceMs: Date.UTC(2026, 0, 1) } as const;
    await applyWrite({ ...on, drain: { note, cost: -1000 } }, client, open);
    await applyWrite({ ...on, drain: undefined }, client, open);
    await applyWrite({ ...on, drain: undefined, released: true }, client, open);
    const decided = { 'spillway.dev/decision': 'decision' };
    assert.deepEqual(
      sent.map(({ path, options }) => [path, options?.body]),
      [
        {
          ...decided,
          'spillway.dev/drain': 'draining 2026-01-01T00:00:00.000Z',
          'controller.kubernetes.io/pod-deletion-cost': '-1000',
        },
        { ...decided, 'spillway.dev/drain': null, 'controller.kubernetes.io/pod-deletion-cost': null },
        {
          ...decided,
          'spillway.dev/drain': null,
          'controller.kubernetes.io/pod-deletion-cost': null,
          'spillway.dev/rescued': null,
        },
      ].map((annotations) => [
        '/api/v1/namespaces/media/pods/pod-1?fieldManager=spillway',
        { metadata: { resourceVersion: '3', annotations } },
      ]),
    );
  });

  test('holds a policy by its finalizers, those of others included', async () => {
    const { client, sent } = answering({}, {});
    const on = {
      kind: 'SetFinalizers',
      namespace: 'media',
      name: 'thumbnails',
      resourceVersion: '5',
    } as const;
    const finalizers = ['theirs', 'spillway.dev/drain'];
    await applyWrite({ ...on, finalizers, holds: true, decisionId: 'decision' }, client, open);
    await applyWrite({ ...on, finalizers: ['theirs'], holds: false, decisionId: 'later' }, client, open);
    assert.deepEqual(
      sent.map(({ options }) => options?.body),
      [
        { finalizers, annotations: { 'spillway.dev/decision': 'decision' } },
        { finalizers: ['theirs'], annotations: { 'spillway.dev/decision': null } },
      ].map((metadata) => ({ metadata: { resourceVersion: '5', ...metadata } })),
    );
  });

  for (const [status, reason, expected] of [
    [409, 'Conflict', { state: 'conflict' }],
    [404, 'NotFound', { state: 'gone' }],
    [403, 'Forbidden', { state: 'refused', status: 403, reason: 'Forbidden' }],
    [422, 'Invalid', { state: 'refused', status: 422, reason: 'Invalid' }],
  ] as const) {
    test(`answered with ${status} ${reason} ends as ${expected.state}`, async () => {
      const { client } = answering(refused(status, reason));
      assert.deepEqual(await applyWrite(scale, client, open), expected);
    });
  }

  test('without an answer is an error: the next pass looks what became of it', async () => {
    const { client } = answering(refused(503, 'ServiceUnavailable'));
    await assert.rejects(applyWrite(scale, client, open), { status: 503 });
  });
});

describe('a companion whose name is there already', () => {
  const taken = refused(409, 'AlreadyExists');

  test('is ours if the policy owns it: an earlier leader made it', async () => {
    const { client } = answering(taken, manifest);
    assert.deepEqual(await applyWrite(create, client, open), { state: 'exists', object: manifest });
  });

  test("is somebody else's if not", async () => {
    const { client } = answering(taken, { metadata: { ownerReferences: [] } });
    assert.deepEqual(await applyWrite(create, client, open), { state: 'taken' });
  });
});
