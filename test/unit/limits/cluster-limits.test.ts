import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Store } from '../../../src/cluster/store.ts';
import { slimPod, slimPolicy, slimReplicaSet, slimWorkload } from '../../../src/cluster/slimming.ts';
import { slimNode } from '../../../src/cluster/slim-node.ts';
import type { VirtualPool } from '../../../src/config.ts';
import type { LimitsObservation } from '../../../src/decide/observation.ts';
import { ClusterLimits } from '../../../src/limits/cluster-limits.ts';
import { type CountedFailure, emptyLedger, type Ledger } from '../../../src/limits/ledger.ts';
import type { LedgerPort, SaveOutcome } from '../../../src/limits/ledger-store.ts';
import { ledgerText, parseLedger } from '../../../src/limits/ledger-text.ts';
import { resolvePolicy } from '../../../src/policy/resolve.ts';
import { VirtualClock } from '../cluster/virtual-clock.ts';
import { interner, meta, owner, rawPod, startMs } from '../cluster/given.ts';

const pool: VirtualPool = {
  name: 'aci',
  kind: 'AksAddon',
  nodeSelector: { type: 'virtual-kubelet' },
  tolerations: [],
  price: { perCpuHour: 1, perMemoryGbHour: 0 },
  pace: { per5Minutes: 100, perHour: 300 },
};
const target = 'thumbnail-worker';
const companion = `${target}-burst-1`;
const hourMs = 3_600_000;

const object = {
  apiVersion: 'spillway.dev/v1alpha1' as const,
  kind: 'BurstPolicy' as const,
  metadata: { ...meta('thumbnails'), name: 'thumbnails' },
  spec: {
    targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: target },
    burst: { maxReplicas: 50 },
  },
};

/** A ledger in the cluster that outlives the limits that keep it. */
class Shelf implements LedgerPort {
  text: string | undefined;
  saves = 0;
  reachable = true;
  load(): Promise<{ ledger: Ledger; unreadable: boolean }> {
    if (!this.reachable) return Promise.reject(new Error('not reachable'));
    const ledger = this.text === undefined ? emptyLedger : parseLedger(this.text);
    return Promise.resolve({ ledger: ledger ?? assert.fail('unreadable'), unreadable: false });
  }
  save(ledger: Ledger): Promise<SaveOutcome> {
    if (!this.reachable) return Promise.reject(new Error('not reachable'));
    this.saves += 1;
    this.text = ledgerText(ledger, 900_000);
    return Promise.resolve('saved');
  }
}

interface Scene {
  readonly clock: VirtualClock;
  readonly store: Store;
  readonly shelf: Shelf;
  readonly failures: CountedFailure[];
  /** `setByMs`: how far the wall clock is off now. */
  readonly limits: (setByMs?: () => number) => ClusterLimits;
  /** `ready`: seconds after the start. */
  readonly pod: (name: string, change?: object, ready?: number | 'no') => void;
  readonly gone: (name: string) => void;
  readonly current: (limits: ClusterLimits) => LimitsObservation;
}

function scene(): Scene {
  const clock = new VirtualClock(startMs);
  const store = new Store();
  const shelf = new Shelf();
  const failures: CountedFailure[] = [];
  const take = (
    table: keyof Store & ('pods' | 'deployments' | 'replicasets' | 'nodes' | 'policies'),
    one: { readonly resourceVersion: string },
  ): void => {
    // Each table takes its own kind.
    (store[table] as unknown as { take(event: object): void }).take({
      type: 'modified',
      object: one,
      resourceVersion: one.resourceVersion,
    });
  };
  const node = {
    metadata: { ...meta('virtual-node'), namespace: '', labels: { type: 'virtual-kubelet' } },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  };
  take('nodes', slimNode(node, interner));
  take('policies', slimPolicy(object, interner));
  const template = {
    spec: { containers: [{ name: 'main', resources: { requests: { cpu: '1', memory: '1Gi' } } }] },
  };
  const deployment = (name: string, more: object): object => ({
    metadata: { ...meta(name), ...more },
    spec: { template },
  });
  take('deployments', slimWorkload('Deployment')(deployment(target, {}), interner));
  take(
    'deployments',
    slimWorkload('Deployment')(deployment(companion, owner('uid-thumbnails', 'BurstPolicy')), interner),
  );
  take(
    'replicasets',
    slimReplicaSet({ metadata: meta('set', owner(`uid-${companion}`, 'Deployment')) }, interner),
  );
  return {
    clock,
    store,
    shelf,
    failures,
    limits: (setByMs = () => 0) =>
      new ClusterLimits({
        view: { store, onChange: (listener) => store.onChange(listener) },
        config: {
          virtualPools: [pool],
          budget: { maxRatePerHour: undefined, maxSpendPerDay: undefined, onExhausted: 'Keep' },
          breaker: { stuckCreatingAfterSeconds: 900 },
        },
        clock: {
          now: () => clock.now() + setByMs(),
          elapsed: () => clock.elapsed(),
          sleep: (delayMs, signal) => clock.sleep(delayMs, signal),
          after: (delayMs, run) => clock.after(delayMs, run),
        },
        onFailure: (failure) => failures.push(failure),
        onUnreadable: () => assert.fail('unreadable'),
        onProblem: () => undefined,
      }),
    pod(name, change = {}, ready = 'no') {
      const boundAt = Math.floor((clock.now() - startMs) / 1000);
      const raw = rawPod(name, { meta: meta(name, owner('uid-set')), boundAt, phase: 'Pending', ready });
      const status = { ...raw.status, ...change };
      take(
        'pods',
        slimPod({ ...raw, spec: { ...raw.spec, nodeName: 'virtual-node' }, status } as typeof raw, interner),
      );
    },
    gone(name) {
      const object = store.pods.get(`media/${name}`) ?? assert.fail(name);
      store.pods.take({ type: 'deleted', object, resourceVersion: meta(name).resourceVersion ?? '' });
    },
    current: (limits) =>
      limits.current({
        policy: resolvePolicy(object),
        pool,
        companion,
        asked: 0,
        running: 0,
        others: [],
      }),
  };
}

const running = { phase: 'Running' };
const refused = {
  phase: 'Pending',
  reason: 'ProviderFailed',
  message: "container group quota 'StandardCores' exceeded",
};

describe('limits of a running controller', () => {
  test('charge what runs on virtual nodes from its creation to its end', async () => {
    const { clock, shelf, limits, pod, gone, current } = scene();
    const these = limits();
    await these.open(shelf);
    pod('a', running);
    pod('b', running);
    await clock.pass(hourMs);
    assert.equal(current(these).ratePerHour, 2);
    assert.ok(Math.abs(current(these).spentToday - 2) < 0.01);
    gone('a');
    gone('b');
    await clock.pass(hourMs);
    assert.equal(current(these).ratePerHour, 0);
    assert.ok(Math.abs(current(these).spentToday - 2) < 0.01);
    await these.close();
  });

  test('charge the time that passed, wherever the wall clock is set meanwhile', async () => {
    const { clock, shelf, limits, pod, current } = scene();
    let setByMs = 0;
    const these = limits(() => setByMs);
    await these.open(shelf);
    pod('a', running);
    for (const days of [0, 365, 0, -365, 0.5, 0]) {
      setByMs = days * 24 * hourMs;
      await clock.pass(hourMs / 2);
    }
    assert.ok(Math.abs(current(these).spentToday - 3) < 0.02, String(current(these).spentToday));
    assert.equal(current(these).creationTokens, 100);
    await these.close();
  });

  test('a restart at any moment costs nothing but the gap, charged from the last known burst', async () => {
    const { clock, shelf, limits, pod, current } = scene();
    const first = limits();
    await first.open(shelf);
    pod('a', running);
    await clock.pass(hourMs / 2);
    await first.close();
    await clock.pass(hourMs / 2);
    const second = limits();
    await second.open(shelf);
    assert.ok(Math.abs(current(second).spentToday - 1) < 0.01);
    assert.equal(current(second).creationTokens, 100, 'of the last five minutes');
    await second.close();
  });

  test('one that is killed loses nothing that the next leader does not find', async () => {
    const { clock, shelf, limits, pod, current, failures } = scene();
    const killed = limits();
    await killed.open(shelf);
    pod('a', running);
    await clock.pass(20_000);
    pod('b', refused);
    await clock.pass(20_000);
    // Not closed: it just ends.
    shelf.reachable = false;
    const text = shelf.text;
    await clock.pass(hourMs / 4);
    shelf.reachable = true;
    shelf.text = text;
    const next = limits();
    await next.open(shelf);
    const seen = current(next);
    assert.equal(seen.breaker, 'half-open');
    assert.equal(failures.length, 1, 'the failed pod was counted by the first');
    assert.ok(Math.abs(seen.spentToday - (0.5 + 60 / 3600)) < 0.01, `${seen.spentToday}`);
    await next.close();
    await killed.close();
  });

  test('a quota failure keeps everybody off at once and is written at once', async () => {
    const { clock, shelf, limits, pod, current, failures } = scene();
    const these = limits();
    await these.open(shelf);
    await clock.pass(1000);
    const before = shelf.saves;
    pod('a', refused);
    assert.equal(current(these).breaker, 'open');
    await clock.pass(0);
    assert.equal(shelf.saves, before + 1);
    assert.deepEqual(failures, [{ pool: 'aci', cause: 'Quota' }]);
    await these.close();
  });

  test('a pod that does not come to run fails by time alone', async () => {
    const { clock, store, shelf, limits, pod, failures } = scene();
    const these = limits();
    await these.open(shelf);
    pod('a');
    await clock.pass(899_000);
    assert.deepEqual(failures, []);
    await clock.pass(3000);
    assert.deepEqual(failures, [{ pool: 'aci', cause: 'StuckCreating' }]);
    assert.equal(these.failureOf(store.pods.get('media/a') ?? assert.fail('a')), 'StuckCreating');
    await these.close();
  });

  test('a probe that comes to run closes the breaker', async () => {
    const { clock, shelf, limits, pod, gone, current } = scene();
    const these = limits();
    await these.open(shelf);
    pod('a', refused);
    gone('a');
    await clock.pass(61_000);
    assert.equal(current(these).breaker, 'half-open');
    assert.equal(current(these).probing, false);
    pod('probe');
    assert.equal(current(these).probing, true);
    pod('probe', running, 70);
    assert.equal(current(these).breaker, 'closed');
    await these.close();
  });

  test('a pod whose readiness flaps succeeds once, and one from before the failures never', async () => {
    const { clock, shelf, limits, pod, gone, current } = scene();
    const failing = { ...refused, message: 'no words that anybody knows' };
    const these = limits();
    await these.open(shelf);
    pod('old', running, 0);
    await clock.pass(60_000);
    pod('bad-0', failing);
    await clock.pass(2000);
    pod('new');
    for (let flap = 0; flap < 5; flap += 1) {
      for (const name of ['old', 'new']) {
        pod(name, running, 62);
        pod(name, running, 'no');
      }
    }
    for (let bad = 1; bad < 5; bad += 1) {
      assert.equal(current(these).breaker, 'closed', `${bad} failures and one success`);
      pod(`bad-${bad}`, failing);
      gone(`bad-${bad}`);
    }
    assert.equal(current(these).breaker, 'open');
    await these.close();
  });

  test('are written every 15 s at most while bursts come and go, and not at all while nothing changes', async () => {
    const { clock, shelf, limits, pod } = scene();
    const these = limits();
    await these.open(shelf);
    for (let second = 0; second < 60; second += 1) {
      pod(`pod-${second}`, running);
      await clock.pass(1000);
    }
    assert.ok(shelf.saves >= 3 && shelf.saves <= 5, `${shelf.saves} writes in a minute`);
    await clock.pass(20_000);
    const before = shelf.saves;
    await clock.pass(200_000);
    assert.ok(shelf.saves <= before + 1, 'one for the end of a bucket');
    await these.close();
  });

  test('without a ledger that can be read nobody knows what was spent, until it can', async () => {
    const { clock, shelf, limits, current } = scene();
    const these = limits();
    shelf.reachable = false;
    const opened = these.open(shelf);
    await clock.pass(4000);
    await opened;
    assert.equal(current(these).spendUnknown, true);
    shelf.reachable = true;
    await clock.pass(10_000);
    assert.equal(current(these).spendUnknown, false);
    await these.close();
  });
});
