import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run, sole } from './scenes.ts';

interface Case {
  readonly name: string;
  readonly arrivals: readonly Readonly<Record<string, unknown>>[];
  readonly service: string;
  readonly within: string;
  readonly duration: string;
  /** Least and most of all jobs that start in time. */
  readonly share: readonly [number, number];
  /** Most replicas at once. */
  readonly peak: number;
}

/** Scenarios of the table that the drain rule was chosen by; replicas are ready after some 30 s. */
const cases: readonly Case[] = [
  {
    name: '20 000 jobs of 0.1 s at once, within 60 s',
    arrivals: [{ shape: 'spike', jobs: 20_000, at: '1m' }],
    service: '100ms',
    within: '60s',
    duration: '10m',
    share: [0.97, 1],
    peak: 85,
  },
  {
    name: '20 000 jobs of 3 s at once, within 300 s',
    arrivals: [{ shape: 'spike', jobs: 20_000, at: '1m' }],
    service: '3s',
    within: '300s',
    duration: '10m',
    share: [0.98, 1],
    peak: 290,
  },
  {
    name: '20 a second of 1 s, within 60 s',
    arrivals: [{ shape: 'poisson', perSecond: 20 }],
    service: '1s',
    within: '60s',
    duration: '30m',
    share: [0.99, 1],
    peak: 80,
  },
  {
    name: '10 a second and 6 000 every 10 min, within 120 s',
    arrivals: [
      { shape: 'poisson', perSecond: 10 },
      { shape: 'spike', jobs: 6000, at: '5m', every: '10m' },
    ],
    service: '1s',
    within: '120s',
    duration: '40m',
    share: [0.97, 1],
    peak: 120,
  },
  {
    name: '40 jobs of 600 s, within 300 s',
    arrivals: [{ shape: 'spike', jobs: 40, at: '1m' }],
    service: '600s',
    within: '300s',
    duration: '30m',
    share: [0.95, 1],
    peak: 110,
  },
];

for (const { name, arrivals, service, within, duration, share, peak } of cases) {
  test(`the drain rule starts jobs in time: ${name}`, () => {
    const fared = sole(
      run({
        arrivals,
        duration,
        slo: { startWithin: within },
        workload: { requests: { cpu: 1, memory: '1Gi' }, service, replicas: 0, gracePeriod: '20m' },
        pools: [{ name: 'vm', nodes: 1, cpu: '4', memory: '16Gi' }],
        virtualPool: { start: '28s', quotaCores: 1000, createsPer5Minutes: 1000, createsPerHour: 5000 },
        contenders: [
          {
            type: 'policy',
            spec: {
              scaling: {
                minReplicas: 0,
                maxReplicas: 500,
                sources: [{ drainWithin: within, expectedJobDuration: service }],
              },
              burst: { maxReplicas: 500, vmPool: 'Fixed' },
            },
          },
        ],
      }),
    );
    const told = JSON.stringify({ ...fared, series: undefined });
    assert.ok(fared.shareInTime >= share[0] && fared.shareInTime <= share[1], told);
    assert.ok(fared.peaks.burstReplicas + fared.peaks.vmReplicas <= peak, told);
    assert.equal(fared.jobs.unfinished, 0, told);
  });
}
