/**
 * Good and bad specs. The unit tests ask the local checks about them, and the e2e sends the very same to a real API
 * server: `cel` and `check` of a rule must say the same.
 */
export interface SpecCase {
  readonly name: string;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly valid: boolean;
  /** What the refusal must contain, its path included. */
  readonly mentions?: string;
}

/** A change of a spec that was accepted before. */
export interface ChangeCase {
  readonly name: string;
  readonly before: Readonly<Record<string, unknown>>;
  readonly after: Readonly<Record<string, unknown>>;
  readonly valid: boolean;
  readonly mentions?: string;
}

type Fields = Readonly<Record<string, unknown>>;

const targetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'thumbnail-worker' };
const jobSelector = { matchLabels: { app: 'nightly' } };
const secret = (key: string, name = 'redis') => ({ secretKeyRef: { name, key } });
const urlFrom = secret('url');
const bullmq = { queue: 'thumbnails', urlFrom };
const prometheus = { connection: 'main', query: 'sum(waiting)' };
const byTime: Fields = { name: 'thumbnails', type: 'BullMQ', bullmq, drainWithin: '5m' };
const byCount: Fields = { name: 'thumbnails', type: 'BullMQ', bullmq, backlogPerReplica: 20 };

/** The smallest spec that is good. */
export const smallest: Fields = { targetRef, burst: { maxReplicas: 10 } };
/** The spec of DESIGN.md, with every field. */
export const whole: Fields = {
  targetRef,
  suspend: false,
  dryRun: true,
  priority: -5,
  scaling: {
    minReplicas: 2,
    maxReplicas: 400,
    combine: 'Max',
    scaleDownStabilization: '1m30s',
    sources: [
      {
        name: 'thumbnails',
        type: 'BullMQ',
        bullmq: { queue: 'thumbnails', prefix: '{bull}', urlFrom, caFrom: secret('ca.crt') },
        drainWithin: '5m',
        expectedJobDuration: '3s',
        workerConcurrency: 4,
      },
      { name: 'list', type: 'RedisList', redisList: { key: 'jobs', urlFrom }, backlogPerReplica: 20 },
      {
        name: 'stream',
        type: 'RedisStream',
        redisStream: { key: 'jobs', group: 'workers', urlFrom },
        drainWithin: '1h',
        expectedJobDuration: '50ms',
      },
      {
        name: 'metric',
        type: 'Prometheus',
        prometheus: { ...prometheus, arrivalRateQuery: 'sum(rate(arrived[1m]))' },
        drainWithin: '1h30m',
        expectedJobDuration: '1m',
      },
    ],
    onSignalLoss: { after: '2m', replicas: 10, behavior: 'Static' },
  },
  burst: {
    strategy: 'Companion',
    vmPool: 'Fixed',
    delay: { always: '0s', whilePoolGrows: '30s' },
    maxReplicas: 300,
    reclaim: { after: '1m', readyTimeout: '10m' },
    withoutVmNodes: 'Allow',
    budget: { maxRatePerHour: '20', maxSpendPerDay: '200.25', onExhausted: 'Drain' },
    drain: { timeout: '10m' },
  },
};

const withBurst = (fields: Fields): Fields => ({ targetRef, burst: { maxReplicas: 10, ...fields } });
const withScaling = (fields: Fields, burst: Fields = {}): Fields => ({
  targetRef,
  scaling: { maxReplicas: 40, sources: [byTime], ...fields },
  burst: { maxReplicas: 10, ...burst },
});
const withSource = (fields: Fields): Fields => withScaling({ sources: [{ name: 'thumbnails', ...fields }] });
const without = (fields: Fields, ...names: readonly string[]): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
const good = (name: string, spec: Fields): SpecCase => ({ name, spec, valid: true });
const bad = (name: string, spec: Fields, mentions: string): SpecCase => ({
  name,
  spec,
  valid: false,
  mentions,
});
const notADuration = 'write a duration in hours';
const notAnAmount = 'not negative';
const atLeastASecond = 'at least 1s';
const oneSizing = 'size the source by one rule';
const together = 'go together';
const oneTarget = 'name one target';
const bigGroup = Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`label-${index}`, 'x']));

/** Every case; names are unique, and made of words that may become part of an object's name. */
export const specCases: readonly SpecCase[] = [
  good('the smallest spec', smallest),
  good('a spec with every field', whole),
  good('a source sized by count', withScaling({ sources: [byCount] })),
  good('BullMQ by time without an expected job duration', withScaling({})),
  good('a StatefulSet that is rescued', {
    targetRef: { ...targetRef, kind: 'StatefulSet' },
    burst: { maxReplicas: 1, strategy: 'Rescue' },
  }),
  good('a Deployment that is rescued', withBurst({ strategy: 'Rescue' })),
  good('Jobs that are rescued', { jobSelector, burst: { maxReplicas: 1, strategy: 'Rescue' } }),
  good('Jobs by a label with a prefix and an empty value', {
    jobSelector: { matchLabels: { 'app.kubernetes.io/name': '', 'A_b.c': 'X_y.z' } },
    burst: { maxReplicas: 1, strategy: 'Rescue' },
  }),
  good('no burst at all', withBurst({ maxReplicas: 0 })),
  good('minimum and maximum alike', withScaling({ minReplicas: 40 })),
  good('Fixed with scaling', withScaling({}, { vmPool: 'Fixed' })),
  good('a drain that waits for nothing', withBurst({ drain: { timeout: '0s' } })),
  good('a duration of all units', withBurst({ drain: { timeout: '1h2m3s4ms' } })),
  good('a budget of nothing', withBurst({ budget: { maxRatePerHour: '0' } })),
  good('an amount with a fraction', withBurst({ budget: { maxRatePerHour: '0.0405' } })),
  good('a drain within a second', withScaling({ sources: [{ ...byTime, drainWithin: '1000ms' }] })),
  good('a metric sized by count', withSource({ type: 'Prometheus', prometheus, backlogPerReplica: 1 })),
  good('sixteen sources', {
    ...withScaling({
      sources: Array.from({ length: 16 }, (_, index) => ({ ...byTime, name: `source-${index}` })),
    }),
  }),
  good('a field that is null counts as left out', { ...smallest, scaling: null, suspend: null }),

  bad('both sizing rules', withScaling({ sources: [{ ...byTime, backlogPerReplica: 20 }] }), oneSizing),
  bad('no sizing rule', withScaling({ sources: [without(byTime, 'drainWithin')] }), oneSizing),
  bad('minimum above maximum', withScaling({ minReplicas: 41 }), 'minReplicas is above maxReplicas'),
  bad('a negative rate', withBurst({ budget: { maxRatePerHour: '-20' } }), notAnAmount),
  bad('a negative day budget', withBurst({ budget: { maxSpendPerDay: '-0.5' } }), notAnAmount),
  bad('an amount with a currency', withBurst({ budget: { maxRatePerHour: '20 USD' } }), notAnAmount),
  bad('an amount with an exponent', withBurst({ budget: { maxRatePerHour: '1e3' } }), notAnAmount),
  bad('an amount with a suffix', withBurst({ budget: { maxRatePerHour: '500m' } }), notAnAmount),
  bad('an empty amount', withBurst({ budget: { maxRatePerHour: '' } }), notAnAmount),
  bad(
    'an amount that is a number',
    withBurst({ budget: { maxRatePerHour: 20 } }),
    'spec.burst.budget.maxRatePerHour',
  ),
  bad('an unknown strategy', withBurst({ strategy: 'Template' }), 'Companion'),
  bad('an unknown way of the VM pool', withBurst({ vmPool: 'Shrink' }), 'Fixed'),
  bad('an unknown way without VM nodes', withBurst({ withoutVmNodes: 'Maybe' }), 'Forbid'),
  bad('an unknown type of source', withSource({ type: 'Kafka', bullmq, drainWithin: '5m' }), 'RedisStream'),
  bad('a type in small letters', withSource({ type: 'bullmq', bullmq, drainWithin: '5m' }), 'BullMQ'),
  bad(
    'a type with the body of another',
    withSource({ type: 'RedisList', bullmq, backlogPerReplica: 5 }),
    together,
  ),
  bad(
    'a stream with the body of a list',
    withSource({ type: 'RedisStream', redisList: { key: 'jobs', urlFrom }, backlogPerReplica: 5 }),
    'type: RedisStream',
  ),
  bad(
    'a metric without a body',
    withSource({ type: 'Prometheus', backlogPerReplica: 5 }),
    'type: Prometheus',
  ),
  bad('a type without a body', withSource({ type: 'BullMQ', drainWithin: '5m' }), together),
  bad(
    'a type with two bodies',
    withSource({ type: 'BullMQ', bullmq, redisList: { key: 'jobs', urlFrom }, drainWithin: '5m' }),
    'spec.scaling.sources[0].redisList',
  ),
  ...['5 m', '5', '', 'm', '-5m', '1.5h', '5m1h', '1d', '5M', '+5m', '5m\n', '５m', '1h1h'].map(
    (drainWithin) =>
      bad(
        `a drain within ${JSON.stringify(drainWithin)}`,
        withScaling({ sources: [{ ...byTime, drainWithin }] }),
        notADuration,
      ),
  ),
  bad('a duration of too many digits', withBurst({ drain: { timeout: '1234567h' } }), notADuration),
  bad('a delay that does not parse', withBurst({ delay: { always: 'soon' } }), 'spec.burst.delay.always'),
  bad('a stabilization that does not parse', withScaling({ scaleDownStabilization: '60' }), notADuration),
  bad('a fallback that does not parse', withScaling({ onSignalLoss: { after: 'x' } }), notADuration),
  bad('a drain within nothing', withScaling({ sources: [{ ...byTime, drainWithin: '0s' }] }), atLeastASecond),
  bad(
    'a drain within less than a second',
    withScaling({ sources: [{ ...byTime, drainWithin: '999ms' }] }),
    atLeastASecond,
  ),
  bad('a ready timeout of nothing', withBurst({ reclaim: { readyTimeout: '0s' } }), atLeastASecond),
  bad(
    'a job that takes no time',
    withScaling({ sources: [{ ...byTime, expectedJobDuration: '0s' }] }),
    'more than 0s',
  ),
  bad(
    'an expected job duration sized by count',
    withScaling({ sources: [{ ...byCount, expectedJobDuration: '3s' }] }),
    'only serves drainWithin',
  ),
  bad('a DaemonSet', { ...smallest, targetRef: { ...targetRef, kind: 'DaemonSet' } }, 'StatefulSet'),
  bad('a Job by name', { ...smallest, targetRef: { ...targetRef, kind: 'Job' } }, 'jobSelector'),
  bad(
    'a Deployment of another API',
    { ...smallest, targetRef: { ...targetRef, apiVersion: 'extensions/v1beta1' } },
    'apps/v1',
  ),
  bad(
    'a target without a name',
    { ...smallest, targetRef: without(targetRef, 'name') },
    'spec.targetRef.name',
  ),
  bad(
    'a target with a bad name',
    { ...smallest, targetRef: { ...targetRef, name: 'Thumbnail_Worker' } },
    'small letters',
  ),
  bad(
    'scaling on Jobs',
    { ...without(withScaling({}), 'targetRef'), jobSelector },
    'Jobs have no replicas to set',
  ),
  bad(
    'scaling on a StatefulSet',
    {
      ...withScaling({}, { strategy: 'Rescue' }),
      targetRef: { ...targetRef, kind: 'StatefulSet' },
    },
    'pods of a StatefulSet go by number',
  ),
  bad('Fixed without scaling', withBurst({ vmPool: 'Fixed' }), 'vmPool: Fixed needs scaling'),
  bad('both targets', { ...smallest, jobSelector }, oneTarget),
  bad('no target', without(smallest, 'targetRef'), oneTarget),
  bad('a companion for Jobs', { jobSelector, burst: { maxReplicas: 1 } }, 'strategy: Rescue'),
  bad(
    'a companion for a StatefulSet',
    { ...smallest, targetRef: { ...targetRef, kind: 'StatefulSet' } },
    'strategy: Rescue',
  ),
  bad(
    'Jobs without labels',
    { jobSelector: { matchLabels: {} }, burst: { maxReplicas: 1, strategy: 'Rescue' } },
    'at least one label',
  ),
  bad(
    'Jobs with a bad label',
    { jobSelector: { matchLabels: { 'a b': 'c' } }, burst: { maxReplicas: 1, strategy: 'Rescue' } },
    'labels as Kubernetes has them',
  ),
  bad(
    'Jobs with a bad label value',
    { jobSelector: { matchLabels: { app: '-' } }, burst: { maxReplicas: 1, strategy: 'Rescue' } },
    'labels as Kubernetes has them',
  ),
  bad(
    'Jobs with too many labels',
    { jobSelector: { matchLabels: bigGroup }, burst: { maxReplicas: 1, strategy: 'Rescue' } },
    'spec.jobSelector.matchLabels',
  ),
  bad('two sources of one name', withScaling({ sources: [byTime, byCount] }), 'Duplicate value'),
  bad('no sources', withScaling({ sources: [] }), 'spec.scaling.sources'),
  bad(
    'seventeen sources',
    withScaling({ sources: Array.from({ length: 17 }, (_, index) => ({ ...byTime, name: `s${index}` })) }),
    'spec.scaling.sources',
  ),
  bad(
    'a source with a bad name',
    withScaling({ sources: [{ ...byTime, name: 'My Queue' }] }),
    'small letters',
  ),
  bad(
    'a list by time without an expected job duration',
    withSource({ type: 'RedisList', redisList: { key: 'jobs', urlFrom }, drainWithin: '5m' }),
    'drainWithin needs expectedJobDuration',
  ),
  bad(
    'a stream by time without an expected job duration',
    withSource({ type: 'RedisStream', redisStream: { key: 'jobs', group: 'g', urlFrom }, drainWithin: '5m' }),
    'drainWithin needs expectedJobDuration',
  ),
  bad(
    'a metric by time without an expected job duration',
    withSource({
      type: 'Prometheus',
      prometheus: { ...prometheus, arrivalRateQuery: 'x' },
      drainWithin: '5m',
    }),
    'drainWithin needs expectedJobDuration',
  ),
  bad(
    'a metric by time without an arrival rate',
    withSource({ type: 'Prometheus', prometheus, drainWithin: '5m', expectedJobDuration: '3s' }),
    'arrivalRateQuery',
  ),
  bad(
    'a stream without a group',
    withSource({ type: 'RedisStream', redisStream: { key: 'j', urlFrom }, backlogPerReplica: 1 }),
    'group',
  ),
  bad(
    'a queue without a URL',
    withSource({ type: 'BullMQ', bullmq: { queue: 'q' }, backlogPerReplica: 1 }),
    'urlFrom',
  ),
  bad(
    'a queue with a colon',
    withSource({ type: 'BullMQ', bullmq: { queue: 'bull:q', urlFrom }, backlogPerReplica: 1 }),
    'no colon',
  ),
  bad(
    'an empty queue',
    withSource({ type: 'BullMQ', bullmq: { queue: '', urlFrom }, backlogPerReplica: 1 }),
    'bullmq.queue',
  ),
  bad(
    'a CA in another Secret',
    withSource({
      type: 'BullMQ',
      bullmq: { ...bullmq, caFrom: secret('ca', 'other') },
      backlogPerReplica: 1,
    }),
    'same Secret',
  ),
  bad(
    'a key that no Secret can have',
    withSource({ type: 'BullMQ', bullmq: { queue: 'q', urlFrom: secret('a/b') }, backlogPerReplica: 1 }),
    'a key of the Secret',
  ),
  bad(
    'a backlog of nothing for a replica',
    withScaling({ sources: [{ ...byCount, backlogPerReplica: 0 }] }),
    'backlogPerReplica',
  ),
  bad(
    'a backlog with a fraction for a replica',
    withScaling({ sources: [{ ...byCount, backlogPerReplica: 1.5 }] }),
    'backlogPerReplica',
  ),
  bad(
    'workers that run nothing',
    withScaling({ sources: [{ ...byTime, workerConcurrency: 0 }] }),
    'workerConcurrency',
  ),
  bad('a negative minimum', withScaling({ minReplicas: -1 }), 'minReplicas'),
  bad('a maximum of nothing', withScaling({ maxReplicas: 0 }), 'spec.scaling.maxReplicas'),
  bad('scaling without a maximum', withScaling({ maxReplicas: undefined }), 'spec.scaling.maxReplicas'),
  bad('a burst without a maximum', { targetRef, burst: {} }, 'spec.burst.maxReplicas'),
  bad('a negative burst', withBurst({ maxReplicas: -1 }), 'spec.burst.maxReplicas'),
  bad('no burst section', { targetRef }, 'spec.burst'),
  bad(
    'a fallback above the maximum',
    withScaling({ onSignalLoss: { replicas: 41 } }),
    'onSignalLoss.replicas is above',
  ),
  bad(
    'a static fallback without replicas',
    withScaling({ onSignalLoss: { behavior: 'Static' } }),
    'Static needs replicas',
  ),
  bad('suspend as a word', { ...smallest, suspend: 'yes' }, 'spec.suspend'),
];

/** Changes; `before` is good in all of them. */
export const changeCases: readonly ChangeCase[] = [
  { name: 'other limits', before: smallest, after: withBurst({ maxReplicas: 20 }), valid: true },
  { name: 'scaling is added', before: smallest, after: withScaling({}), valid: true },
  {
    name: 'another target',
    before: smallest,
    after: { ...smallest, targetRef: { ...targetRef, name: 'other' } },
    valid: false,
    mentions: 'targetRef cannot be changed',
  },
  {
    name: 'Jobs instead of a Deployment',
    before: withBurst({ strategy: 'Rescue' }),
    after: { jobSelector, burst: { maxReplicas: 10, strategy: 'Rescue' } },
    valid: false,
    mentions: 'targetRef cannot be changed',
  },
  {
    name: 'other Jobs',
    before: { jobSelector, burst: { maxReplicas: 10, strategy: 'Rescue' } },
    after: { jobSelector: { matchLabels: { app: 'x' } }, burst: { maxReplicas: 10, strategy: 'Rescue' } },
    valid: false,
    mentions: 'jobSelector cannot be changed',
  },
];

/** A status with every field, which the API server must accept as it is. */
export const wholeStatus: Fields = {
  observedGeneration: 1,
  conditions: [
    {
      type: 'Accepted',
      status: 'True',
      observedGeneration: 1,
      lastTransitionTime: '2026-01-02T03:04:05Z',
      reason: 'Valid',
      message: 'The policy is valid.',
    },
  ],
  demand: 200,
  placed: 12,
  headroom: 0,
  stuck: 0,
  burst: { wanted: 188, granted: 148, running: 100 },
  backlog: 3_000_000_000,
  oldestJobAge: '1m30s',
  sources: [{ name: 'thumbnails', state: 'Ok', backlog: 3, oldestJobAge: '1m30s', demand: '2500m' }],
  cost: { ratePerHour: '3.2', spentToday: '0.5' },
  lastDecision: {
    id: 'd-1',
    at: '2026-01-02T03:04:05.123Z',
    summary: '200 wanted; VMs carry 12; 148 burst.',
    reasons: [{ code: 'Demand', message: '200 wanted', numbers: { demand: 200, arrivalsPerSecond: 0.25 } }],
  },
};
