import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPolicy, inlinePolicy } from '../../../src/lab/simulate/contender.ts';
import { contenderNames, parseScenario } from '../../../src/lab/simulate/scenario.ts';
import { scenarioOf, scenarioText } from './scenes.ts';

const problemsOf = (change: Readonly<Record<string, unknown>>): readonly string[] =>
  parseScenario(scenarioText(change)).problems.map(({ path, message }) => `${path}: ${message}`);

const refused: readonly (readonly [change: Readonly<Record<string, unknown>>, says: RegExp])[] = [
  [{ autoscalr: {} }, /^autoscalr: unknown key: did you mean autoscaler\?$/],
  [{ nonsense: 1 }, /^nonsense: unknown key: known here are seed, start/],
  [{ slo: { startWithn: '5m' } }, /^slo.startWithn: unknown key: did you mean startWithin\?/],
  [
    { contenders: [{ type: 'static', replica: 1, replicas: 2 }] },
    /^contenders\[0\].replica: unknown key: did you mean replicas/,
  ],
  [{ contenders: [{ type: 'kede' }] }, /^contenders\[0\].type: write one of policy.* did you mean keda/],
  [{ contenders: [] }, /^contenders: must have at least 1 item/],
  [{ contenders: [{ type: 'policy' }] }, /^contenders\[0\]: write file or spec/],
  [{ arrivals: [{ shape: 'spike', jobs: 5, over: '5 minutes' }] }, /^arrivals\[0\].over: is not a duration/],
  [{ arrivals: [{ shape: 'poisson', perSecond: -1 }] }, /^arrivals\[0\].perSecond: is -1: write at least 0/],
  [
    { pools: [{ name: 'vm', nodes: 3, maxNodes: 2, cpu: 4, memory: '1Gi' }] },
    /^pools\[0\]: minNodes ≤ nodes ≤ maxNodes/,
  ],
  [
    { pools: [{ name: 'vm', nodes: 3, cpu: 'many', memory: '1Gi' }] },
    /^pools\[0\].cpu: is not an amount of cpu/,
  ],
  [{ resolution: '0s' }, /^resolution: must be more than 0s/],
  [{ start: 'yesterday' }, /^start: write a time such as/],
  [
    { workload: { requests: { cpu: 1, memory: '1Gi' }, service: { median: '3s', sigmoid: 1 } } },
    /^workload.service: is not a time that something takes/,
  ],
  [
    {
      contenders: [
        { type: 'static', replicas: 1, name: 'a' },
        { type: 'static', replicas: 2, name: 'a' },
      ],
    },
    /^contenders\[1\].name: the name is taken/,
  ],
];

for (const [change, says] of refused) {
  test(`a scenario with ${JSON.stringify(change)} is refused`, () => {
    const problems = problemsOf(change);
    assert.ok(
      problems.some((problem) => says.test(problem)),
      problems.join('\n'),
    );
  });
}

test('what a scenario leaves out has a default', () => {
  const scenario = scenarioOf();
  assert.deepEqual(
    [scenario.warmUp, scenario.coolDown, scenario.resolution, scenario.virtualPool.quotaCores],
    [300, 1800, 5, 100],
  );
  assert.equal(scenario.workload.requests.cpu, '1');
});

test('times that something takes are written in five ways', () => {
  const kinds = [
    '3s',
    { median: '3s' },
    { mean: '3s' },
    { from: '1s', to: '5s' },
    { values: ['1s', '5s'] },
  ].map(
    (service) =>
      scenarioOf({ workload: { requests: { cpu: 1, memory: '1Gi' }, service } }).workload.service.kind,
  );
  assert.deepEqual(kinds, ['constant', 'logNormal', 'exponential', 'uniform', 'empirical']);
});

test('contenders without a name get that of their type, counted', () => {
  const contenders = [
    { type: 'static' as const, replicas: 1, name: undefined },
    { type: 'static' as const, replicas: 2, name: undefined },
  ];
  assert.deepEqual(contenderNames({ contenders }), ['static', 'static-2']);
});

test('a spec in the scenario needs neither target nor queue', () => {
  const scenario = scenarioOf();
  const spec = { scaling: { maxReplicas: 9, sources: [{ drainWithin: '5m' }] }, burst: { maxReplicas: 5 } };
  assert.deepEqual(checkPolicy(inlinePolicy(spec, scenario), scenario).problems, []);
});

test('a policy that the simulation has no model for is refused with a sentence', () => {
  const scenario = scenarioOf();
  const says = (spec: Readonly<Record<string, unknown>>): string =>
    checkPolicy(inlinePolicy(spec, scenario), scenario)
      .problems.map(({ path, message }) => `${path}: ${message}`)
      .join('; ');
  assert.match(
    says({ burst: { maxReplicas: 5 }, targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' } }),
    /^spec.targetRef.name: the workload of the scenario is worker/,
  );
  assert.match(says({ burst: { maxReplicas: 5, strategy: 'Rescue' } }), /only Companion/);
  assert.match(says({ burst: {} }), /^spec.burst.maxReplicas: Required value/);
});
