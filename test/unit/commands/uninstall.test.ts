import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { systemClock } from '../../../src/clock.ts';
import { ready } from '../../../src/commands/ready.ts';
import { namedIn, namespacesIn } from '../../../src/commands/uninstall/arguments.ts';
import {
  type Companion,
  suspendedMark,
  type Uninstallable,
} from '../../../src/commands/uninstall/cluster.ts';
import { uninstall, type UninstallOptions } from '../../../src/commands/uninstall/uninstall.ts';
import { SpillwayError } from '../../../src/errors.ts';
import type { BurstPolicy } from '../../../src/policy/schema.ts';
import { VirtualClock } from '../cluster/virtual-clock.ts';

const lease = { namespace: 'spillway', name: 'spillway' };
const options: UninstallOptions = { deployment: lease, lease, timeoutSeconds: 60, onTimeout: 'Delete' };
const drainFinalizer = 'spillway.dev/drain';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
interface Kept {
  metadata: Mutable<BurstPolicy['metadata']>;
  spec: Mutable<BurstPolicy['spec']>;
  status: Mutable<NonNullable<BurstPolicy['status']>>;
}

/** A cluster that does as the controller would, if one leads. */
class FakeCluster implements Uninstallable {
  readonly done: string[] = [];
  policy: Kept | undefined = policyOf({});
  burst: readonly Companion[] = [{ namespace: 'media', name: 'one', uid: 'u', replicas: 8 }];
  leads = true;
  /** How many looks a drain takes. */
  busyFor = 3;
  #beats = 0;

  async policies(): Promise<readonly BurstPolicy[]> {
    this.#drain();
    return this.policy === undefined ? [] : [structuredClone(this.policy) as BurstPolicy];
  }
  async companions(): Promise<readonly Companion[]> {
    return this.burst;
  }
  async patchPolicy(_: BurstPolicy['metadata'], body: object): Promise<unknown> {
    this.done.push(`patch ${JSON.stringify(body)}`);
    const { metadata = {}, spec = {} } = body as { metadata?: Partial<Kept['metadata']>; spec?: object };
    if (this.policy === undefined) return undefined;
    Object.assign(this.policy.metadata, metadata, { generation: (this.policy.metadata.generation ?? 0) + 1 });
    Object.assign(this.policy.spec, spec);
    return undefined;
  }
  async deleteCompanion({ name }: Companion): Promise<unknown> {
    this.done.push(`delete ${name}`);
    this.burst = [];
    return undefined;
  }
  async stop(): Promise<unknown> {
    this.done.push('stop');
    this.leads = false;
    return undefined;
  }
  async holder(): Promise<string | undefined> {
    this.#beats += 1;
    return this.leads ? `spillway-0 ${this.#beats}` : undefined;
  }
  async clear(): Promise<void> {
    this.done.push('clear');
  }

  #drain(): void {
    if (!this.leads || this.policy?.spec.suspend !== true) return;
    this.policy.status.observedGeneration = this.policy.metadata.generation;
    this.busyFor -= 1;
    if (this.busyFor > 0) return;
    this.burst = [];
    this.policy.metadata.finalizers = this.policy.metadata.finalizers?.filter(
      (name) => name !== drainFinalizer,
    );
  }
}

function policyOf(spec: Partial<BurstPolicy['spec']>): Kept {
  return {
    metadata: {
      name: 'thumbnails',
      namespace: 'media',
      generation: 1,
      resourceVersion: '7',
      finalizers: ['mine', drainFinalizer],
    },
    spec: { burst: { maxReplicas: 5 }, ...spec },
    status: { observedGeneration: 1 },
  };
}

/** Runs it in virtual time. */
async function ends(cluster: FakeCluster, more: Partial<UninstallOptions> = {}) {
  const clock = new VirtualClock();
  const told: string[] = [];
  const say = (line: string): void => void told.push(line);
  const stop = new AbortController();
  const over = new AbortController();
  const result = uninstall({ ...options, ...more }, cluster, {
    out: say,
    error: say,
    clock,
    signal: stop.signal,
  });
  void result.catch(() => undefined).finally(() => over.abort());
  for (let second = 0; second < 200 && !over.signal.aborted; second += 1) await clock.pass(1_000);
  return { code: await result, seconds: clock.elapsed() / 1000, told: told.join('\n') };
}

describe('spillway uninstall', () => {
  test('suspends, waits for the drain, stops the controller, and gives the policy back as it was', async () => {
    const cluster = new FakeCluster();
    const { code, seconds } = await ends(cluster);
    assert.equal(code, 0);
    assert.ok(seconds < 10);
    const { metadata, spec } = cluster.policy ?? policyOf({});
    assert.equal(spec.suspend, false);
    assert.deepEqual(metadata.finalizers, ['mine']);
    assert.equal(metadata.annotations?.[suspendedMark], null);
    assert.deepEqual(
      cluster.done.map((line) => line.split(' ')[0]),
      ['patch', 'stop', 'patch', 'clear'],
    );
  });

  test('a policy that its author has suspended stays suspended', async () => {
    const cluster = new FakeCluster();
    cluster.policy = policyOf({ suspend: true });
    assert.equal((await ends(cluster)).code, 0);
    assert.equal(cluster.policy.spec.suspend, true);
    assert.deepEqual(cluster.done, ['stop', 'clear']);
  });

  test('what is busy when time is up is deleted, after nobody is left to make it anew', async () => {
    const cluster = new FakeCluster();
    cluster.busyFor = Number.POSITIVE_INFINITY;
    const { code, seconds, told } = await ends(cluster);
    assert.equal(code, 0);
    assert.ok(seconds >= 60 && seconds < 100);
    assert.match(told, /media\/one is deleted with 8 replicas/);
    assert.ok(cluster.done.indexOf('stop') < cluster.done.indexOf('delete one'));
    assert.deepEqual(cluster.policy?.metadata.finalizers, ['mine']);
  });

  test('or it goes on draining, by choice, and the uninstallation stops there', async () => {
    const cluster = new FakeCluster();
    cluster.busyFor = Number.POSITIVE_INFINITY;
    const { code, told } = await ends(cluster, { onTimeout: 'Fail' });
    assert.equal(code, 1);
    assert.match(told, /1 companions are still busy after 1m/);
    assert.ok(cluster.leads && !cluster.done.includes('stop'));
    // The next attempt finds it drained.
    cluster.busyFor = 1;
    assert.equal((await ends(cluster, { onTimeout: 'Fail' })).code, 0);
    assert.equal(cluster.policy?.spec.suspend, false);
  });

  test('where nobody leads it does not wait for what nobody does', async () => {
    const cluster = new FakeCluster();
    cluster.leads = false;
    const { code, seconds, told } = await ends(cluster);
    assert.equal(code, 0);
    assert.ok(seconds < 60, String(seconds));
    assert.match(told, /Nobody leads/);
    assert.ok(cluster.done.includes('delete one'));
  });

  test('without policies there is nothing to wait for', async () => {
    const cluster = new FakeCluster();
    cluster.policy = undefined;
    cluster.burst = [];
    assert.equal((await ends(cluster)).code, 0);
    assert.deepEqual(cluster.done, ['stop', 'clear']);
  });

  test('names are read, or refused with a sentence', () => {
    assert.deepEqual(namedIn('spillway/burst'), { namespace: 'spillway', name: 'burst' });
    assert.throws(
      () => namedIn('burst'),
      (error: unknown) => error instanceof SpillwayError && error.code === 'UNINSTALL_NAME_INVALID',
    );
    assert.deepEqual([namespacesIn('all'), namespacesIn('media,ops')], ['all', ['media', 'ops']]);
  });
});

describe('spillway ready', () => {
  test('waits until it is so, and says what is the matter otherwise', async () => {
    let status = 503;
    const server = createServer((_, response) => response.writeHead(status).end()).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const io = { clock: systemClock, out: () => undefined, signal: new AbortController().signal };
    await assert.rejects(ready({ url, timeoutSeconds: 0 }, io), /is not ready after 0s \(it answers 503\)/);
    status = 200;
    assert.equal(await ready({ url, timeoutSeconds: 0 }, io), 0);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await assert.rejects(ready({ url, timeoutSeconds: 0 }, io), /nobody answers/);
  });
});
