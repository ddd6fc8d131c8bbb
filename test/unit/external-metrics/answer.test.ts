import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Decision } from '../../../src/decide/decision.ts';
import { answerTo, type Known } from '../../../src/external-metrics/answer.ts';
import { metricNames } from '../../../src/external-metrics/metrics.ts';
import { formatQuantity, parseQuantity } from '../../../src/policy/quantity.ts';
import { decisionAt } from '../report/given.ts';
import { knownOf, nowMs, policyWith } from './given.ts';

const root = '/apis/external.metrics.k8s.io/v1beta1';
const known = knownOf(policyWith());

function ask(metric: string, selector = '', from: Known = known, namespace = 'media') {
  const query = selector === '' ? '' : `?labelSelector=${encodeURIComponent(selector)}`;
  const { status, body } = answerTo(`${root}/namespaces/${namespace}/${metric}${query}`, from, nowMs);
  const {
    items = [],
    reason,
    message,
  } = body as {
    readonly items?: readonly {
      readonly value: string;
      readonly timestamp: string;
      readonly metricLabels: Readonly<Record<string, string>>;
    }[];
    readonly reason?: string;
    readonly message?: string;
  };
  return { status, body, items, values: items.map(({ value }) => value), reason, message };
}

/** The last decision of a process that leads, made so many seconds ago. */
function leading(secondsAgo: number, more: Partial<Decision> = {}): Known {
  const decision = { ...decisionAt(0, { running: 5 }), atMs: nowMs - secondsAgo * 1000, stuck: 1, ...more };
  return { ...known, decision: (policy) => (policy === 'media/thumbnails' ? decision : undefined) };
}

describe('discovery', () => {
  test('names one resource, which stands for all metrics', () => {
    assert.deepEqual(answerTo(root, known, nowMs), {
      status: 200,
      body: {
        kind: 'APIResourceList',
        apiVersion: 'v1',
        groupVersion: 'external.metrics.k8s.io/v1beta1',
        resources: [
          {
            name: 'externalmetrics',
            singularName: '',
            namespaced: true,
            kind: 'ExternalMetricValueList',
            verbs: ['get'],
          },
        ],
      },
    });
  });

  test('has the group, the groups and an empty OpenAPI', () => {
    const kinds = ['/apis', '/apis/external.metrics.k8s.io', '/openapi/v2', '/openapi/v3'].map((path) => {
      const { status, body } = answerTo(`${path}?timeout=32s`, known, nowMs);
      assert.equal(status, 200);
      return (body as { readonly kind?: string }).kind;
    });
    assert.deepEqual(kinds, ['APIGroupList', 'APIGroup', undefined, undefined]);
  });
});

describe('the values of a metric', () => {
  test('are one item a source, with its labels and the time of the decision', () => {
    assert.deepEqual(ask('spillway_backlog_jobs').body, {
      kind: 'ExternalMetricValueList',
      apiVersion: 'external.metrics.k8s.io/v1beta1',
      metadata: {},
      items: [
        {
          metricName: 'spillway_backlog_jobs',
          metricLabels: { policy: 'thumbnails', source: 'a', type: 'BullMQ', queue: 'images' },
          timestamp: '2026-01-02T03:04:05Z',
          value: '42',
        },
        {
          metricName: 'spillway_backlog_jobs',
          metricLabels: { policy: 'thumbnails', source: 'b', type: 'RedisList', queue: 'list:b' },
          timestamp: '2026-01-02T03:04:05Z',
          value: '0',
        },
      ],
    });
  });

  test('are there for every metric, an explicit 0 among them', () => {
    const values = Object.fromEntries(metricNames.map((name) => [name, ask(name).values]));
    assert.deepEqual(values, {
      spillway_backlog_jobs: ['42', '0'],
      spillway_oldest_job_age_seconds: ['90', '0'],
      spillway_source_demand_replicas: ['2500m', '0'],
      spillway_stuck_pods: ['3'],
      spillway_burst_running_replicas: ['7'],
    });
  });

  test('are those that the selector names, of the namespace that was asked for', () => {
    const two = knownOf(
      policyWith(),
      policyWith({ stuck: 5 }, 'videos'),
      policyWith({}, 'other', 'elsewhere'),
    );
    assert.deepEqual(ask('spillway_stuck_pods', '', two).values, ['3', '5']);
    assert.deepEqual(ask('spillway_stuck_pods', 'policy=videos', two).values, ['5']);
    assert.deepEqual(ask('spillway_backlog_jobs', 'policy!=videos,source in (a,x)', two).values, ['42']);
    assert.equal(ask('spillway_stuck_pods', 'policy=other', two).reason, 'NotFound');
  });

  test('are those of the decision itself where this process leads', () => {
    const [sample] = decisionAt(0).sources;
    assert.ok(sample !== undefined);
    const sources = ['a', 'b'].map((name) => ({
      ...sample,
      name,
      backlog: 7,
      oldestAgeSeconds: 1.5,
      replicas: 0.35,
    }));
    const from = leading(1, { sources });
    assert.deepEqual(ask('spillway_backlog_jobs', '', from).values, ['7', '7']);
    assert.deepEqual(ask('spillway_oldest_job_age_seconds', '', from).values, ['1500m', '1500m']);
    assert.deepEqual(ask('spillway_source_demand_replicas', '', from).values, ['350m', '350m']);
    assert.deepEqual(ask('spillway_stuck_pods', '', from).values, ['1']);
    assert.deepEqual(
      ask('spillway_burst_running_replicas', '', from).items[0]?.timestamp,
      '2026-01-02T03:04:19Z',
    );
  });

  test('go by the status where the decision is old: a loop that hangs', () => {
    assert.deepEqual(ask('spillway_stuck_pods', '', leading(61)).values, ['3']);
  });
});

describe('a refusal', () => {
  const lost = policyWith({
    sources: [
      { name: 'a', state: 'Ok', backlog: 42, demand: '3' },
      { name: 'b', state: 'Lost' },
    ],
  });

  test('of a lost source takes the others with it: left out it would count as 0', () => {
    const answer = ask('spillway_backlog_jobs', '', knownOf(lost));
    assert.deepEqual([answer.status, answer.reason], [503, 'ServiceUnavailable']);
    assert.match(answer.message ?? '', /^Policy thumbnails, source b cannot be read/);
    assert.deepEqual(ask('spillway_backlog_jobs', 'source=a', knownOf(lost)).values, ['42']);
    assert.equal(ask('spillway_source_demand_replicas', '', knownOf(lost)).status, 503);
  });

  test('of what the source does not tell: an age where jobs wait in a list, a source that is new', () => {
    const told = policyWith({ sources: [{ name: 'b', state: 'Ok', backlog: 5, demand: '1' }] });
    for (const selector of ['source=a', 'source=b']) {
      const answer = ask('spillway_oldest_job_age_seconds', selector, knownOf(told));
      assert.deepEqual([answer.status, answer.reason], [503, 'ServiceUnavailable'], selector);
    }
  });

  test('of a policy that nothing has been decided on', () => {
    const blank = { ...policyWith(), status: undefined } as never;
    for (const metric of metricNames) assert.equal(ask(metric, '', knownOf(blank)).status, 503);
  });

  test('while nobody leads, and before this process knows the cluster', () => {
    const silent = { ...known, ledSecondsAgo: () => 61 };
    assert.match(ask('spillway_stuck_pods', '', silent).message ?? '', /^No replica of Spillway has led/);
    assert.equal(ask('spillway_stuck_pods', '', { ...known, synced: () => false }).status, 503);
  });

  test('of a metric that there is none of, and of labels that nothing has', () => {
    const unknown = ask('queue_length');
    assert.deepEqual([unknown.status, unknown.reason], [404, 'NotFound']);
    assert.match(unknown.message ?? '', /spillway_backlog_jobs, /);
    assert.equal(ask('constructor').status, 404);
    assert.deepEqual(ask('spillway_backlog_jobs', 'policy=x').reason, 'NotFound');
    assert.deepEqual(ask('spillway_backlog_jobs', '', known, 'nowhere').reason, 'NotFound');
  });

  test('of a selector that cannot be read, as a Status that says what is wrong', () => {
    assert.deepEqual(ask('spillway_backlog_jobs', 'policy in thumbnails').body, {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message:
        'The label selector cannot be read: the values of in and notin stand in parentheses. Write one such as policy=thumbnails,source in (a,b).',
      reason: 'BadRequest',
      code: 400,
    });
  });

  for (const path of [
    '/',
    '/metrics',
    '/constructor',
    `${root}/`,
    `${root}/namespaces`,
    `${root}/namespaces/media`,
    `${root}/namespaces/media/spillway_backlog_jobs/more`,
    `${root}/namespaces/%E0%A4%A/spillway_backlog_jobs`,
    `${root}/nodes/media/spillway_backlog_jobs`,
  ]) {
    test(`of ${path}: there is nothing`, () => {
      assert.equal(answerTo(path, known, nowMs).status, 404);
    });
  }

  test('of an address without end', () => {
    assert.equal(answerTo(`${root}?labelSelector=${'a'.repeat(5000)}`, known, nowMs).status, 400);
  });
});

test('a quantity is what was meant to a thousandth, in the digits of Kubernetes', () => {
  const cases = [0, 42, 42.5, 0.35, 1 / 3, 2.9999, 1e12, -1, Number.NaN, Number.POSITIVE_INFINITY];
  assert.deepEqual(cases.map(formatQuantity), [
    '0',
    '42',
    '42500m',
    '350m',
    '333m',
    '3',
    '1000000000000',
    undefined,
    undefined,
    undefined,
  ]);
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), (value) => {
      const read = parseQuantity(formatQuantity(value) ?? '');
      assert.ok(Math.abs(read - value) <= 0.0005 + value * 1e-15);
    }),
  );
});
