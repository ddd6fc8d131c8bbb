import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { systemClock } from '../../../src/clock.ts';
import {
  karpenterGrowth,
  type LaunchFailures,
  noteLaunch,
  type SlimNodeClaim,
  type SlimNodePool,
  slimNodeClaim,
  slimNodePool,
} from '../../../src/cluster/karpenter.ts';
import { watchKarpenter } from '../../../src/cluster/karpenter-watch.ts';
import type { RawObject } from '../../../src/cluster/raw.ts';
import { json, line, refusal, scriptedServer } from './api-server.ts';
import { at, interner, meta, startMs } from './given.ts';

const nowMs = startMs + 600_000;

/** A NodeClaim as Karpenter 1.x writes it; `launched` and so on: seconds after the start at which that came true. */
function rawClaim(
  name: string,
  given: {
    createdAt?: number;
    launched?: number;
    initialized?: number;
    failed?: string;
    deleting?: boolean;
  } = {},
): RawObject {
  const { createdAt = 570, launched, initialized, failed, deleting = false } = given;
  const state = (type: string, since: number | undefined, reason = 'AwaitingReconciliation') => ({
    type,
    status: since === undefined ? 'Unknown' : 'True',
    reason: since === undefined ? reason : type,
    lastTransitionTime: at(since ?? createdAt),
  });
  return {
    apiVersion: 'karpenter.sh/v1',
    kind: 'NodeClaim',
    metadata: meta(name, {
      namespace: '',
      labels: { 'karpenter.sh/nodepool': 'default' },
      creationTimestamp: at(createdAt),
      ...(deleting ? { deletionTimestamp: at(600) } : {}),
    }),
    status: {
      conditions: [
        state('Launched', launched, failed),
        state('Registered', initialized),
        state('Initialized', initialized),
        state('Ready', initialized),
      ],
    },
  } as RawObject;
}

function claim(given: Parameters<typeof rawClaim>[1] = {}, name = 'default-x7k2p'): SlimNodeClaim {
  return slimNodeClaim(rawClaim(name, given), interner);
}

function rawPool(
  name: string,
  limits: Readonly<Record<string, string>> = {},
  resources: Readonly<Record<string, string>> = {},
  ready = 'True',
): RawObject {
  return {
    metadata: meta(name, { namespace: '' }),
    spec: { limits },
    status: { resources, conditions: [{ type: 'Ready', status: ready }] },
  } as RawObject;
}

function pool(
  ...given: Parameters<typeof rawPool> extends [string, ...infer Rest] ? Rest : never
): SlimNodePool {
  return slimNodePool(rawPool('default', ...given), interner);
}

function growth(
  coming: readonly SlimNodeClaim[],
  pools: readonly SlimNodePool[] = [pool()],
  failures?: LaunchFailures,
): string {
  const told = karpenterGrowth({ coming, nodes: 5, pools, failures, nowMs });
  return `${told.growth} ${told.growthReason?.code ?? '-'}`;
}

describe('what Karpenter tells', () => {
  test('a NodeClaim that is no complete node yet is growth under way, since it was created', () => {
    assert.equal(growth([claim()]), 'Growing ScaleUp');
    assert.equal(growth([claim({ launched: 580 })]), 'Growing ScaleUp');
    const coming = [claim(), claim({ createdAt: 590 }, 'default-second')];
    const { growthReason } = karpenterGrowth({
      coming,
      nodes: 7,
      pools: [pool()],
      failures: undefined,
      nowMs,
    });
    assert.equal(growthReason?.sinceMs, startMs + 590_000);
    assert.deepEqual(
      [growthReason?.by, growthReason?.targetNodes, growthReason?.maxNodes],
      ['karpenter', 7, undefined],
    );
  });

  test('without NodePools nothing is known; with one that is below its limits the pool can grow', () => {
    assert.equal(growth([], []), 'Unknown -');
    assert.equal(
      growth([], [pool({ cpu: '1000', nodes: '10' }, { cpu: '64', nodes: '4' })]),
      'CanGrow BelowMax',
    );
  });

  test('limits that are reached, in whatever resource, and NodePools that are not Ready', () => {
    const full = pool({ cpu: '64', memory: '1000Gi' }, { cpu: '64', memory: '256Gi' });
    assert.equal(growth([], [full]), 'CannotGrow MaxReached');
    assert.equal(growth([], [full, pool()]), 'CanGrow BelowMax');
    assert.equal(growth([], [pool({}, {}, 'False')]), 'CannotGrow NoPoolReady');
    const limited = karpenterGrowth({
      coming: [],
      nodes: 5,
      pools: [pool({ nodes: '5' }, { nodes: '5' })],
      failures: undefined,
      nowMs,
    });
    assert.deepEqual([limited.growthReason?.code, limited.growthReason?.maxNodes], ['MaxReached', 5]);
  });

  test('a launch that has failed for minutes is no growth; its reason is told', () => {
    assert.equal(growth([claim({ createdAt: 550, failed: 'LaunchFailed' })]), 'Growing ScaleUp');
    const failing = claim({ createdAt: 400, failed: 'LaunchFailed' });
    assert.equal(growth([failing]), 'CannotGrow LaunchFailing');
    const told = karpenterGrowth({
      coming: [failing],
      nodes: 1,
      pools: [pool()],
      failures: undefined,
      nowMs,
    });
    assert.equal(told.growthReason?.errorCode, 'LaunchFailed');
    const refused = { ...rawClaim('x'), status: { conditions: [{ type: 'Launched', status: 'False' }] } };
    assert.notEqual(slimNodeClaim(refused, interner).failed, undefined);
  });

  test('a VM that never becomes a node is given up', () => {
    assert.equal(growth([claim({ createdAt: -400, launched: -390 })]), 'CannotGrow InProgressTooLong');
  });

  test('NodeClaims that vanish unlaunched again and again are capacity that is not there', () => {
    let failures: LaunchFailures | undefined;
    const vanish = (secondsAfter: number): void => {
      failures = noteLaunch(
        failures,
        claim({ createdAt: secondsAfter - 2 }),
        true,
        startMs + secondsAfter * 1000,
      );
    };
    vanish(450);
    vanish(500);
    assert.equal(growth([claim()], [pool()], failures), 'Growing ScaleUp');
    vanish(590);
    assert.equal(growth([claim()], [pool()], failures), 'CannotGrow LaunchFailing');
    assert.equal(growth([], [pool()], failures), 'CannotGrow LaunchFailing');
    assert.equal(growth([claim({ launched: 595 })], [pool()], failures), 'Growing ScaleUp');
    failures = noteLaunch(failures, claim({ launched: 595 }), false, nowMs);
    assert.equal(growth([], [pool()], failures), 'CanGrow BelowMax');
  });

  test('a node that goes is no failed launch, and old failures are forgotten', () => {
    assert.equal(noteLaunch(undefined, claim({ launched: 1, deleting: true }), true, nowMs), undefined);
    const old = { firstMs: nowMs - 900_000, lastMs: nowMs - 600_000 };
    assert.equal(growth([], [pool()], old), 'CanGrow BelowMax');
    assert.deepEqual(noteLaunch(old, claim(), true, nowMs), { firstMs: nowMs, lastMs: nowMs });
  });
});

describe('following Karpenter', () => {
  async function following(
    served: readonly string[],
    body: (watched: {
      readonly look: () => string;
      readonly changed: () => Promise<void>;
      readonly asked: readonly string[];
      readonly uninstall: () => void;
    }) => Promise<void>,
  ): Promise<void> {
    const asked: string[] = [];
    const watches: { end(): unknown }[] = [];
    let versions: readonly string[] = served;
    const server = await scriptedServer(({ path, query }, response) => {
      asked.push(path);
      if (path === '/apis/karpenter.sh' && versions.length > 0) {
        return json(response, { versions: versions.map((version) => ({ version })) });
      }
      const [, , , version = '', plural] = path.split('/');
      if (!versions.includes(version)) return json(response, refusal(404, 'NotFound'), 404);
      if (query.get('watch') === 'true') {
        watches.push(response);
        return void response.write(line('BOOKMARK', meta('bookmark')));
      }
      const items = plural === 'nodepools' ? [rawPool('default')] : [rawClaim('one')];
      json(response, { metadata: { resourceVersion: '1000000' }, items });
    });
    const stop = new AbortController();
    let wake: (() => void) | undefined;
    const karpenter = watchKarpenter({
      client: server.client,
      clock: systemClock,
      signal: stop.signal,
      now: () => nowMs,
      tuning: { listing: 'pages' },
      onChange: () => wake?.(),
    });
    const changed = (): Promise<void> => new Promise((resolve) => (wake = resolve));
    try {
      const uninstall = (): void => {
        versions = [];
        for (const watch of watches) watch.end();
      };
      await body({ look: () => karpenter.current().growth, changed, asked, uninstall });
    } finally {
      stop.abort();
      await server.close();
    }
  }

  for (const versions of [['v1', 'v1beta1'], ['v1beta1']]) {
    test(`goes by ${versions[0] ?? ''} where ${versions.join(' and ')} are served`, async () => {
      await following(versions, async ({ look, changed, asked }) => {
        while (look() !== 'Growing') await changed();
        assert.ok(asked.includes(`/apis/karpenter.sh/${versions[0] ?? ''}/nodeclaims`));
        assert.equal(new Set(asked).size, 3);
      });
    });
  }

  test('nothing is known any more once it is uninstalled', async () => {
    await following(['v1'], async ({ look, changed, uninstall }) => {
      while (look() !== 'Growing') await changed();
      uninstall();
      while (look() !== 'Unknown') await changed();
    });
  });
});
