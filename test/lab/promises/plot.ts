import fc from 'fast-check';

/** A cluster, a workload, a policy and what happens to them: all that a run needs, as plain data. */
export interface Plot {
  readonly seed: number;
  readonly vm: {
    readonly nodes: number;
    readonly cpu: number;
    readonly maxNodes: number;
    readonly bootSeconds: number;
  };
  readonly virtual: {
    readonly startSeconds: number;
    readonly quotaCores: number;
    readonly createsPer5Minutes: number;
    readonly createsPerHour: number;
    readonly limitsKnown: boolean;
  };
  readonly work: {
    readonly podCores: number;
    readonly jobSeconds: number;
    readonly concurrency: number;
    /** Workers use the drain library. */
    readonly drains: boolean;
  };
  /** Work that arrives at once, in seconds of one worker, and a stream of it for the first 12 min. */
  readonly spikes: readonly { readonly atSeconds: number; readonly workSeconds: number }[];
  readonly workPerSecond: number;
  readonly policy: {
    readonly minReplicas: number;
    readonly maxReplicas: number;
    readonly withinSeconds: number;
    readonly stabilizationSeconds: number;
    readonly vmPool: 'Grow' | 'Fixed';
    readonly burstMax: number;
    readonly reclaimSeconds: number;
    readonly delaySeconds: number;
    readonly maxRatePerHour: number | undefined;
    readonly maxSpendPerDay: number | undefined;
    readonly onExhausted: 'Keep' | 'Drain';
  };
  readonly faults: readonly Fault[];
}

/** What goes wrong, or what somebody does. */
export type Fault = { readonly atSeconds: number; readonly forSeconds: number } & (
  | {
      readonly kind: /** The controller dies; another starts after the time. */
        | 'restart'
        /** The leader is frozen between decision and writes, another leads meanwhile; the writes come after the time. */
        | 'freeze'
        | 'signalLost'
        /** The API server takes no write. */
        | 'writesRefused'
        | 'virtualNodeDown'
        | 'createError'
        | 'stuckCreating'
        | 'vanish'
        | 'suspend'
        | 'dryRun'
        | 'templateChange'
        | 'companionDeleted';
    }
  | { readonly kind: 'vmDown'; readonly node: number }
  | { readonly kind: 'companionScaled' | 'burstMax'; readonly replicas: number }
);

/** Nothing is thrown at the cluster any more after this, seconds. */
export const calmAfterSeconds = 900;

const atSeconds = fc.integer({ min: 0, max: 720 });
const forSeconds = fc.integer({ min: 5, max: 180 });

const fault: fc.Arbitrary<Fault> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'restart' as const,
        'freeze' as const,
        'signalLost' as const,
        'writesRefused' as const,
        'virtualNodeDown' as const,
        'createError' as const,
        'stuckCreating' as const,
        'vanish' as const,
        'suspend' as const,
        'dryRun' as const,
        'templateChange' as const,
        'companionDeleted' as const,
      ),
      atSeconds,
      forSeconds,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('vmDown' as const), atSeconds, forSeconds, node: fc.nat(3) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('companionScaled' as const, 'burstMax' as const),
      atSeconds,
      forSeconds,
      replicas: fc.nat(40),
    }),
  },
);

const ratePerHour = fc.option(fc.constantFrom(1, 3, 8, 20), { nil: undefined, freq: 2 });
const spendPerDay = fc.option(fc.constantFrom(0.02, 0.1, 0.3, 1), { nil: undefined, freq: 2 });

/** Any plot, with at most a dozen faults. */
export const anyPlot: fc.Arbitrary<Plot> = fc.record({
  seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  vm: fc
    .record({
      nodes: fc.integer({ min: 1, max: 4 }),
      cpu: fc.constantFrom(2, 4, 8),
      more: fc.constantFrom(0, 0, 2, 4),
      bootSeconds: fc.integer({ min: 20, max: 200 }),
    })
    .map(({ nodes, cpu, more, bootSeconds }) => ({ nodes, cpu, maxNodes: nodes + more, bootSeconds })),
  virtual: fc.record({
    startSeconds: fc.integer({ min: 1, max: 40 }),
    quotaCores: fc.constantFrom(0, 5, 10, 40, 1000),
    createsPer5Minutes: fc.constantFrom(5, 20, 100),
    createsPerHour: fc.constantFrom(30, 300),
    limitsKnown: fc.boolean(),
  }),
  work: fc.record({
    podCores: fc.constantFrom(0.5, 1, 2),
    jobSeconds: fc.constantFrom(0.2, 1, 5, 30),
    concurrency: fc.constantFrom(1, 1, 4),
    drains: fc.boolean(),
  }),
  spikes: fc.array(fc.record({ atSeconds, workSeconds: fc.integer({ min: 1, max: 600 }) }), {
    minLength: 1,
    maxLength: 4,
  }),
  workPerSecond: fc.constantFrom(0, 0, 0.5, 2),
  policy: fc.record({
    minReplicas: fc.nat(3),
    maxReplicas: fc.integer({ min: 3, max: 60 }),
    withinSeconds: fc.constantFrom(20, 60, 300),
    stabilizationSeconds: fc.constantFrom(0, 30, 60),
    vmPool: fc.constantFrom('Grow' as const, 'Fixed' as const),
    burstMax: fc.integer({ min: 0, max: 40 }),
    reclaimSeconds: fc.constantFrom(0, 30, 60),
    delaySeconds: fc.constantFrom(0, 0, 10),
    maxRatePerHour: ratePerHour,
    maxSpendPerDay: spendPerDay,
    onExhausted: fc.constantFrom('Keep' as const, 'Drain' as const),
  }),
  faults: fc.array(fault, { maxLength: 12 }),
});
