import type { core } from 'zod';
import { nearest } from '../../policy/nearest.ts';
import { type Problem, problem, problemOf } from '../../policy/problem.ts';
import { isRecord, type Segments, valueAt } from '../../policy/schema-tree.ts';
import type { Shape } from './arrivals/shapes.ts';
import { knownKeys } from './known-keys.ts';
import { type ScenarioFile, scenarioSchema } from './scenario-schema.ts';

export type { ContenderFile, ScenarioFile } from './scenario-schema.ts';

/** The scenario of a parsed YAML file, or all that is wrong with it, with places in it. */
export function parseScenario(
  value: unknown,
):
  | { readonly scenario: ScenarioFile; readonly problems: readonly [] }
  | { readonly problems: readonly Problem[] } {
  const parsed = scenarioSchema.safeParse(value);
  if (!parsed.success) return { problems: parsed.error.issues.flatMap((issue) => problemsOf(issue, value)) };
  const twice = duplicateNames(parsed.data);
  return twice.length > 0 ? { problems: twice } : { scenario: parsed.data, problems: [] };
}

/** The name of a contender: its own, else its type and how many of these came before. */
export function contenderNames({ contenders }: Pick<ScenarioFile, 'contenders'>): readonly string[] {
  return contenders.map(({ name, type }, index) => {
    const before = contenders.slice(0, index).filter((each) => each.type === type).length;
    return name ?? (before === 0 ? type : `${type}-${before + 1}`);
  });
}

function problemsOf(issue: core.$ZodIssue, value: unknown): readonly Problem[] {
  const at = issue.path.map((segment) => (typeof segment === 'number' ? segment : String(segment)));
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(scenarioSchema, value, at);
    return issue.keys.map((key) => problem([...at, key], unknownKey(key, known)));
  }
  if (issue.code === 'invalid_union') return [alternative(value, at)];
  // Fractions are fine here, unlike in policies.
  if (issue.code === 'invalid_type' && issue.expected === 'number') {
    const given = valueAt(value, at);
    return [
      problem(
        at,
        given === undefined ? 'Required value: write a number' : 'is not a number: write one without quotes',
      ),
    ];
  }
  return [problemOf(issue, value)];
}

function unknownKey(key: string, known: readonly string[]): string {
  const meant = nearest(key, known);
  return `unknown key: ${meant === undefined ? `known here are ${known.join(', ')}` : `did you mean ${meant}?`}`;
}

/** Neither alternative: of a list that is told apart by one key, or of text and number. */
function alternative(root: unknown, at: Segments): Problem {
  const value = valueAt(root, at.slice(0, -1));
  const types = at.at(-1) === 'type' ? contenderTypes : at.at(-1) === 'shape' ? shapeNames : undefined;
  if (types === undefined || !isRecord(value)) {
    const given = valueAt(root, at);
    return problem(
      at,
      given === undefined ? 'Required value: write a text or a number' : 'is neither text nor number',
    );
  }
  const given = value[String(at.at(-1))];
  const meant = typeof given === 'string' ? nearest(given, types) : undefined;
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  return problem(at, `write one of ${types.join(', ')}${hint}`);
}

const contenderTypes = ['policy', 'static', 'hpa-cluster-autoscaler', 'keda'];
const shapeNames = ['spike', 'ramp', 'diurnal', 'onOff', 'poisson'];

function duplicateNames(scenario: ScenarioFile): readonly Problem[] {
  const contenders = repeated(contenderNames(scenario)).map((index) =>
    problem(['contenders', index, 'name'], 'the name is taken by a contender above; write another'),
  );
  const pools = repeated(scenario.pools.map(({ name }) => name)).map((index) =>
    problem(['pools', index, 'name'], 'the name is taken by a pool above; write another'),
  );
  return [...contenders, ...pools];
}

function repeated(names: readonly string[]): readonly number[] {
  return names.flatMap((name, index) => (names.indexOf(name) < index ? [index] : []));
}

/** The shapes of a scenario with their units. */
export function shapesOf({ arrivals = [] }: Pick<ScenarioFile, 'arrivals'>): readonly Shape[] {
  return arrivals.map((each): Shape => {
    switch (each.shape) {
      case 'spike': {
        const { at, over, every, ...rest } = each;
        return { ...rest, atSeconds: at, overSeconds: over, everySeconds: every };
      }
      case 'ramp': {
        const { at, over, ...rest } = each;
        return { ...rest, atSeconds: at, overSeconds: over };
      }
      case 'diurnal': {
        const { peakAt, ...rest } = each;
        return { ...rest, peakAtSeconds: peakAt };
      }
      case 'onOff': {
        const { on, off, ...rest } = each;
        return { ...rest, onSeconds: on, offSeconds: off };
      }
      case 'poisson':
        return each;
    }
  });
}
