import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { defaultVirtualPools } from '../../../src/cluster/virtual-nodes.ts';
import { parseConfig } from '../../../src/config.ts';

const parse = (text: string) => parseConfig(text, 'spillway.yaml', defaultVirtualPools);

describe('the configuration', () => {
  test('is complete without a file', () => {
    assert.deepEqual(parse(''), {
      namespaces: 'all',
      lease: { namespace: undefined, name: 'spillway' },
      http: { host: '0.0.0.0', port: 8080 },
      virtualPools: defaultVirtualPools,
      maxCacheAgeSeconds: 180,
      budget: { maxRatePerHour: undefined, maxSpendPerDay: undefined, onExhausted: 'Keep' },
      breaker: { stuckCreatingAfterSeconds: 900 },
      prometheus: [],
    });
  });

  test('knows the pace of Azure where nothing else is said, and a budget of the cluster', () => {
    const pool = (more: string): string =>
      `virtualPools: [{ name: a, nodeSelector: { type: virtual-kubelet }, ${more} }]`;
    assert.deepEqual(parse(pool('kind: AciHelm')).virtualPools[0]?.pace, { per5Minutes: 100, perHour: 300 });
    const own = pool('kind: Generic, pace: { per5Minutes: 5, perHour: 9 }');
    assert.deepEqual(parse(own).virtualPools[0]?.pace, { per5Minutes: 5, perHour: 9 });
    assert.deepEqual(parse('budget: { maxSpendPerDay: 200, onExhausted: Drain }').budget, {
      maxRatePerHour: undefined,
      maxSpendPerDay: 200,
      onExhausted: 'Drain',
    });
  });

  test('serves HPAs where that is switched on, and only there', () => {
    assert.equal(parse('externalMetrics: { port: 6443 }').externalMetrics, undefined);
    assert.deepEqual(parse('externalMetrics: { enabled: true }').externalMetrics, {
      host: '0.0.0.0',
      port: 8443,
      certDir: undefined,
      service: { name: 'spillway-external-metrics', namespace: undefined },
    });
    const own = 'externalMetrics: { enabled: true, certDir: /certificates, service: { namespace: media } }';
    assert.deepEqual(
      [parse(own).externalMetrics?.certDir, parse(own).externalMetrics?.service.namespace],
      ['/certificates', 'media'],
    );
  });

  test('takes virtual pools of its own, which tolerate every provider unless told', () => {
    const { virtualPools } = parse(`
virtualPools:
  - name: eci
    kind: Generic
    nodeSelector: { type: virtual-kubelet }
    price: { perCpuHour: 0.05, perMemoryGbHour: 0.005 }
`);
    assert.deepEqual(virtualPools, [
      {
        name: 'eci',
        kind: 'Generic',
        nodeSelector: { type: 'virtual-kubelet' },
        tolerations: [
          { key: 'virtual-kubelet.io/provider', operator: 'Exists', value: undefined, effect: 'NoSchedule' },
        ],
        price: { perCpuHour: 0.05, perMemoryGbHour: 0.005 },
      },
    ]);
  });

  for (const [what, text, problem] of [
    ['an unknown key', 'namespace: media', /Unrecognized key: "namespace"/],
    ['an empty list of namespaces', 'namespaces: []', /namespaces/],
    ['a port that is none', 'http: { port: 80000 }', /http\.port/],
    [
      'a pool that selects every node',
      'virtualPools: [{ name: a, kind: Generic, nodeSelector: {} }]',
      /at least one/,
    ],
    ['a cache age below the pace of bookmarks', 'maxCacheAgeSeconds: 30', /maxCacheAgeSeconds/],
    ['a file that is not YAML', 'namespaces: [', /not YAML \(line 1\)/],
  ] as const) {
    test(`refuses ${what}`, () =>
      assert.throws(() => parse(text), { code: 'CONFIG_INVALID', message: problem }));
  }
});
