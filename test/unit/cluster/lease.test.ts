import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../../src/cluster/api-error.ts';
import type { RequestOptions } from '../../../src/cluster/client.ts';
import { Lease } from '../../../src/cluster/lease.ts';
import { VirtualClock } from './virtual-clock.ts';

interface Stored {
  readonly metadata: { readonly resourceVersion: string };
  readonly spec: {
    readonly holderIdentity: string;
    readonly leaseTransitions: number;
    readonly renewTime: string;
  };
}

/** One Lease object with the rules of the API server. */
class FakeApi {
  stored: Stored | undefined;
  /** Requests of these candidates fail as if the network were cut. */
  readonly cut = new Set<string>();
  /** Requests of these candidates are never answered. */
  readonly mute = new Set<string>();
  writes = 0;
  #version = 0;

  /** What one candidate sees. */
  clientFor(
    identity: string,
    clock: VirtualClock,
  ): {
    request(method: string, path: string, options?: RequestOptions): Promise<unknown>;
  } {
    return {
      request: async (method, _, { body, signal, timeoutMs = 0 } = {}) => {
        signal?.throwIfAborted();
        if (this.mute.has(identity)) {
          await clock.sleep(timeoutMs, signal);
          throw new Error('no answer in time');
        }
        if (this.cut.has(identity)) throw new Error('network');
        await Promise.resolve();
        return this.#answer(method, body as Stored | undefined);
      },
    };
  }

  #answer(method: string, body: Stored | undefined): Stored {
    const call = { verb: method, resource: 'leases' };
    if (method === 'GET' || body === undefined) {
      if (this.stored === undefined) throw new ApiError(call, 404, 'NotFound');
      return this.stored;
    }
    if (method === 'POST' && this.stored !== undefined) throw new ApiError(call, 409, 'AlreadyExists');
    if (method === 'PUT' && body.metadata.resourceVersion !== this.stored?.metadata.resourceVersion) {
      throw new ApiError(call, 409, 'Conflict');
    }
    this.#version += 1;
    this.writes += 1;
    this.stored = { ...body, metadata: { ...body.metadata, resourceVersion: String(this.#version) } };
    return this.stored;
  }
}

interface Candidate {
  readonly lease: Lease;
  readonly stop: AbortController;
  readonly told: string[];
  readonly done: Promise<void>;
}

function candidate(api: FakeApi, clock: VirtualClock, identity: string): Candidate {
  const told: string[] = [];
  const stop = new AbortController();
  const lease = new Lease({
    client: api.clientFor(identity, clock),
    clock,
    namespace: 'spillway',
    name: 'spillway',
    identity,
    onAcquired: () => told.push('acquired'),
    onLost: () => told.push('lost'),
    random: () => 0.5,
  });
  return { lease, stop, told, done: lease.run(stop.signal) };
}

async function ended(...candidates: readonly Candidate[]): Promise<void> {
  for (const { stop } of candidates) stop.abort();
  await Promise.all(candidates.map(({ done }) => done));
}

test('of two candidates one leads, and renews every two seconds', async () => {
  const [api, clock] = [new FakeApi(), new VirtualClock()];
  const a = candidate(api, clock, 'a');
  await clock.pass(100);
  const b = candidate(api, clock, 'b');
  await clock.pass(60_000);
  assert.deepEqual([a.lease.holds(), b.lease.holds()], [true, false]);
  assert.equal(b.lease.holder, 'a');
  assert.equal(api.writes, 31);
  assert.match(api.stored?.spec.renewTime ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  await ended(a, b);
});

test('both know when somebody was last seen to lead', async () => {
  const [api, clock] = [new FakeApi(), new VirtualClock()];
  const a = candidate(api, clock, 'a');
  assert.equal(a.lease.ledSecondsAgo(), Number.POSITIVE_INFINITY);
  await clock.pass(100);
  const b = candidate(api, clock, 'b');
  await clock.pass(60_000);
  for (const { lease } of [a, b]) assert.ok(lease.ledSecondsAgo() <= 5, 'renewed and seen');
  await ended(a);
  const since = b.lease.ledSecondsAgo();
  b.stop.abort();
  await clock.pass(90_000);
  assert.ok(b.lease.ledSecondsAgo() >= since + 90);
  await ended(b);
});

test('a leader that stops gives the lease back, and the other takes it at once', async () => {
  const [api, clock] = [new FakeApi(), new VirtualClock()];
  const a = candidate(api, clock, 'a');
  await clock.pass(100);
  const b = candidate(api, clock, 'b');
  await clock.pass(10_000);
  await ended(a);
  assert.equal(api.stored?.spec.holderIdentity, '');
  assert.deepEqual(a.told, ['acquired', 'lost']);
  assert.equal(a.lease.holds(), false);
  await clock.pass(4400);
  assert.equal(b.lease.holds(), true);
  assert.equal(api.stored.spec.leaseTransitions, 1);
  await ended(b);
});

test('a leader that hangs is followed after 15 s, and has stopped acting 5 s before', async () => {
  const [api, clock] = [new FakeApi(), new VirtualClock()];
  const a = candidate(api, clock, 'a');
  await clock.pass(100);
  const b = candidate(api, clock, 'b');
  await clock.pass(20_000);
  api.cut.add('a');
  let closedAtMs: number | undefined;
  let takenAtMs: number | undefined;
  for (let step = 0; step < 300; step += 1) {
    await clock.pass(100);
    assert.ok(!(a.lease.holds() && b.lease.holds()), 'never two leaders');
    if (!a.lease.holds()) closedAtMs ??= clock.now();
    if (b.lease.holds()) takenAtMs ??= clock.now();
  }
  assert.ok(closedAtMs !== undefined && takenAtMs !== undefined);
  assert.ok(takenAtMs - closedAtMs >= 5000, `${takenAtMs - closedAtMs} ms`);
  assert.ok(takenAtMs - closedAtMs <= 10_500, `${takenAtMs - closedAtMs} ms`);
  assert.deepEqual(a.told, ['acquired', 'lost']);
  api.cut.delete('a');
  await clock.pass(10_000);
  assert.deepEqual([a.lease.holds(), b.lease.holds()], [false, true]);
  await ended(a, b);
});

test('a process that was frozen finds its fence closed before it does anything else', async () => {
  const [api, clock] = [new FakeApi(), new VirtualClock()];
  const a = candidate(api, clock, 'a');
  await clock.pass(5000);
  assert.equal(a.lease.holds(), true);
  clock.freeze(10_001);
  assert.equal(a.lease.holds(), false);
  await clock.pass(5000);
  assert.deepEqual(a.told, ['acquired', 'lost', 'acquired']);
  await ended(a);
});

test('a short outage does not cost the lease', async () => {
  const [api, clock] = [new FakeApi(), new VirtualClock()];
  const a = candidate(api, clock, 'a');
  await clock.pass(5000);
  api.cut.add('a');
  await clock.pass(6000);
  assert.equal(a.lease.holds(), true);
  api.cut.delete('a');
  await clock.pass(20_000);
  assert.deepEqual(a.told, ['acquired']);
  await ended(a);
});

test('somebody who writes into a held lease ends the leadership at once', async () => {
  const [api, clock] = [new FakeApi(), new VirtualClock()];
  const a = candidate(api, clock, 'a');
  await clock.pass(5000);
  const before = api.stored;
  assert.ok(before !== undefined);
  api.stored = { metadata: { resourceVersion: '999' }, spec: { ...before.spec, holderIdentity: 'thief' } };
  await clock.pass(2100);
  assert.equal(a.lease.holds(), false);
  assert.equal(a.lease.holder, 'thief');
  await ended(a);
  assert.equal(api.stored.spec.holderIdentity, 'thief', 'what is not ours is not given back');
});

test('connections that are silently dead for some seconds cost attempts, not the lease', async () => {
  const [api, clock] = [new FakeApi(), new VirtualClock()];
  const a = candidate(api, clock, 'a');
  await clock.pass(5000);
  for (let time = 0; time < 5; time += 1) {
    api.mute.add('a');
    for (let step = 0; step < 150; step += 1) {
      if (step === 60) api.mute.delete('a');
      await clock.pass(100);
      assert.equal(a.lease.holds(), true, `after ${step / 10} s`);
    }
  }
  assert.deepEqual(a.told, ['acquired']);
  await ended(a);
});
