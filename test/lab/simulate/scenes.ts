import assert from 'node:assert/strict';
import { loadOfShapes } from '../../../src/lab/simulate/arrivals/load.ts';
import { type Contender, checkPolicy, inlinePolicy } from '../../../src/lab/simulate/contender.ts';
import type { SimulationResult } from '../../../src/lab/simulate/result.ts';
import {
  contenderNames,
  parseScenario,
  type ScenarioFile,
  shapesOf,
} from '../../../src/lab/simulate/scenario.ts';
import { simulate } from '../../../src/lab/simulate/simulate.ts';

export const startMs = Date.parse('2026-03-02T00:00:00Z');

/** A small scenario as a person would write it; `change` replaces whole keys. */
export function scenarioText(
  change: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    slo: { startWithin: '5m' },
    prices: { vmHour: 0.2, cpuHour: 0.04, memoryGbHour: 0.005 },
    duration: '30m',
    workload: { requests: { cpu: '1', memory: '1Gi' }, service: '3s' },
    pools: [{ name: 'vm', nodes: 2, cpu: '4', memory: '16Gi' }],
    contenders: [{ type: 'static', replicas: 4 }],
    ...change,
  };
}

export function scenarioOf(change: Readonly<Record<string, unknown>> = {}): ScenarioFile {
  const parsed = parseScenario(scenarioText(change));
  assert.deepEqual(parsed.problems, []);
  assert.ok('scenario' in parsed);
  return parsed.scenario;
}

export function contendersOf(scenario: ScenarioFile): readonly Contender[] {
  const names = contenderNames(scenario);
  return scenario.contenders.map((each, index): Contender => {
    const name = names[index] ?? '';
    if (each.type !== 'policy') return { ...each, name };
    const { policy, problems } = checkPolicy(inlinePolicy(each.spec ?? {}, scenario), scenario);
    assert.deepEqual(problems, []);
    assert.ok(policy !== undefined);
    return { type: 'policy', name, policy };
  });
}

/** Runs a scenario with arrivals of its own. */
export function run(change: Readonly<Record<string, unknown>>): SimulationResult {
  const scenario = scenarioOf(change);
  const load = loadOfShapes(shapesOf(scenario), startMs, startMs + scenario.duration * 1000, {
    seed: scenario.seed,
    scale: 1,
    origin: 'shapes',
  });
  return simulate({ scenario, contenders: contendersOf(scenario), load });
}

/** The result of the only contender. */
export function sole(result: SimulationResult): SimulationResult['contenders'][number] {
  const [first, ...others] = result.contenders;
  assert.ok(first !== undefined && others.length === 0);
  return first;
}
