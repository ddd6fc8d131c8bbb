import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SpillwayError, sentence } from '../errors.ts';
import { type Load, type LoadOptions, loadOfShapes, loadOfSlots } from '../lab/simulate/arrivals/load.ts';
import { prometheusArrivals } from '../lab/simulate/arrivals/prometheus.ts';
import { openTrace } from '../lab/simulate/arrivals/trace.ts';
import { type Contender, checkPolicy, inlinePolicy } from '../lab/simulate/contender.ts';
import { pageOf } from '../lab/simulate/report/page.ts';
import { tableOf } from '../lab/simulate/report/table.ts';
import { contenderNames, parseScenario, type ScenarioFile, shapesOf } from '../lab/simulate/scenario.ts';
import { simulate as simulateAll } from '../lab/simulate/simulate.ts';
import type { Problem } from '../policy/problem.ts';
import { type Manifest, readManifests } from './manifests.ts';
import { createProgress } from './simulate-progress.ts';

/** What `spillway simulate` was asked, as it was written. */
export interface SimulateOptions {
  /** Path of the scenario. */
  readonly scenario: string;
  /** CSV file with arrivals; undefined: those of the scenario. */
  readonly trace: string | undefined;
  /** HashFunction of one function of a trace with minutes of the day; undefined: all of them. */
  readonly function: string | undefined;
  /** Address of a Prometheus to take the arrivals from, what to ask it, and how many days back. */
  readonly fromPrometheus: string | undefined;
  readonly query: string | undefined;
  readonly days: string;
  /** So many times as many jobs. */
  readonly scale: string;
  /** Undefined: that of the scenario. */
  readonly seed: string | undefined;
  /** Print one JSON value instead of a table. */
  readonly json: boolean;
  /** HTML file to write; undefined: none. */
  readonly report: string | undefined;
}

/** What the command speaks to. `out` and `error` take whole lines, without their end. */
export interface SimulateIo {
  readonly out: (line: string) => void;
  readonly error: (line: string) => void;
  /** Takes the progress bar; undefined: nobody looks. */
  readonly terminal:
    | { readonly write: (text: string) => unknown; readonly columns?: number | undefined }
    | undefined;
  readonly fetch: typeof globalThis.fetch;
  /** Milliseconds since the epoch: the end of the days that a Prometheus is asked for. */
  readonly now: () => number;
}

/** Shapes begin here when the scenario names no time: a Monday. */
const defaultStartMs = Date.parse('2026-03-02T00:00:00Z');

/**
 * Tries the contenders of a scenario on a load, in virtual time, and prints how they fared. Resolves to the exit code:
 * 0 done, 2 something given cannot be used; then nothing was written.
 */
export async function simulate(options: SimulateOptions, io: SimulateIo): Promise<0 | 1 | 2> {
  try {
    const scenario = await readScenario(options);
    const contenders = await readContenders(scenario, options.scenario);
    const load = await readLoad(scenario, options, io);
    const progress = createProgress(io.terminal, contenders.length);
    const result = simulateAll({ scenario, contenders, load, onProgress: progress.show });
    progress.end();
    if (options.report !== undefined) await writeWhole(options.report, pageOf(result));
    if (options.json) io.out(JSON.stringify(result, undefined, 2));
    else for (const line of tableOf(result)) io.out(line);
    return 0;
  } catch (error) {
    const told = messagesOf(error);
    if (told === undefined) throw error;
    for (const line of told) io.error(line);
    return 2;
  }
}

/** Several problems at once, each with its place. */
class Problems extends Error {
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(lines.join('\n'));
    this.name = 'Problems';
    this.lines = lines;
  }
}

function messagesOf(error: unknown): readonly string[] | undefined {
  if (error instanceof Problems) return error.lines;
  return error instanceof SpillwayError ? [error.message] : undefined;
}

function refuse(
  code: 'SCENARIO_INVALID' | 'SIMULATE_POLICY',
  { file, position }: Manifest,
  problems: readonly Problem[],
): Problems {
  const lines = problems
    .map(({ path, message, at }) => ({
      path: path === '' ? 'the whole' : path,
      problem: message,
      ...position(at),
    }))
    .sort((one, other) => one.line - other.line || one.column - other.column)
    .map((details) => sentence(code, { file, ...details }));
  return new Problems(lines);
}

async function readScenario({ scenario: file, seed }: SimulateOptions): Promise<ScenarioFile> {
  const manifest = await readOne(file);
  const parsed = parseScenario(manifest.value);
  if (!('scenario' in parsed)) throw refuse('SCENARIO_INVALID', manifest, parsed.problems);
  return seed === undefined ? parsed.scenario : { ...parsed.scenario, seed };
}

async function readContenders(scenario: ScenarioFile, scenarioFile: string): Promise<readonly Contender[]> {
  const names = contenderNames(scenario);
  const all: Contender[] = [];
  for (const [index, contender] of scenario.contenders.entries()) {
    const name = names[index] ?? '';
    if (contender.type !== 'policy') {
      all.push({ ...contender, name });
      continue;
    }
    const { file, spec } = contender;
    if (spec === undefined) {
      const manifest = await readOne(join(dirname(scenarioFile), file ?? ''));
      const { policy, problems } = checkPolicy(manifest.value, scenario);
      if (policy === undefined) throw refuse('SIMULATE_POLICY', manifest, problems);
      all.push({ type: 'policy', name, policy });
    } else {
      const { policy, problems } = checkPolicy(inlinePolicy(spec, scenario), scenario);
      if (policy === undefined) {
        throw refuse(
          'SCENARIO_INVALID',
          await readOne(scenarioFile),
          placedAt(['contenders', index], problems),
        );
      }
      all.push({ type: 'policy', name, policy });
    }
  }
  return all;
}

function placedAt(prefix: readonly ['contenders', number], problems: readonly Problem[]): readonly Problem[] {
  return problems.map(({ path, message, at }) => ({
    path: `contenders[${prefix[1]}].${path}`,
    message,
    at: [...prefix, ...at],
  }));
}

/** The first object of a YAML file. */
async function readOne(file: string): Promise<Manifest> {
  try {
    const [manifest] = readManifests(file, await readFile(file));
    if (manifest !== undefined) return manifest;
  } catch (cause) {
    if (cause instanceof SpillwayError && cause.code !== 'CHECK_EMPTY') throw cause;
    if (!(cause instanceof SpillwayError)) {
      const problem =
        (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'it does not exist' : 'it cannot be opened';
      throw new SpillwayError('CHECK_UNREADABLE', { file, problem }, cause);
    }
  }
  throw new SpillwayError('SCENARIO_EMPTY', { file });
}

async function readLoad(scenario: ScenarioFile, options: SimulateOptions, io: SimulateIo): Promise<Load> {
  const scale = positive('--scale', options.scale);
  const { seed, start } = scenario;
  const loadOptions = (origin: string): LoadOptions => ({ seed, scale, origin });
  const { trace: named, fromPrometheus, query } = options;
  if (named !== undefined && fromPrometheus !== undefined) {
    throw option('--trace', named, 'arrivals come from a trace or from a Prometheus, not from both');
  }
  if (fromPrometheus !== undefined) {
    if (query === undefined)
      throw option('--query', '', 'write what to ask, such as sum(rate(jobs_added_total[1m]))');
    const days = positive('--days', options.days);
    const asked = await prometheusArrivals({
      url: fromPrometheus,
      query,
      days,
      endMs: io.now(),
      fetch: io.fetch,
    });
    if (asked.emptySteps > 0)
      io.error(`no value for ${asked.emptySteps} minutes; no arrivals are taken for these`);
    return withJobs(loadOfSlots(() => asked.slots, start, loadOptions(query)));
  }
  const trace =
    named ?? (scenario.trace === undefined ? undefined : join(dirname(options.scenario), scenario.trace));
  if (trace !== undefined) {
    const opened = openTrace(trace, options.function);
    // Minutes of a day have no date of their own.
    const startMs = start ?? (opened.form === 'functions' ? defaultStartMs : undefined);
    return withJobs(loadOfSlots(() => opened.slots(), startMs, loadOptions(trace)));
  }
  if (options.function !== undefined) {
    throw option('--function', options.function, 'it chooses a row of a trace; name one with --trace');
  }
  const startMs = start ?? defaultStartMs;
  const shapes = shapesOf(scenario);
  const origin = shapes.map(({ shape }) => shape).join(' + ');
  return withJobs(loadOfShapes(shapes, startMs, startMs + scenario.duration * 1000, loadOptions(origin)));
}

function withJobs(load: Load | undefined): Load {
  if (load === undefined || load.jobs === 0) throw new SpillwayError('SIMULATE_NO_JOBS');
  return load;
}

function positive(name: string, text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw option(name, text, 'write a number above 0');
  return value;
}

function option(name: string, value: string, problem: string): SpillwayError {
  return new SpillwayError('SIMULATE_OPTION', { option: name, value, problem });
}

/** Writes a file as a whole or not at all. */
async function writeWhole(file: string, text: string): Promise<void> {
  const unfinished = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(unfinished, text);
    await rename(unfinished, file);
  } catch (cause) {
    await rm(unfinished, { force: true });
    const { code = 'unknown error' } = cause as NodeJS.ErrnoException;
    throw new SpillwayError('SIMULATE_REPORT', { file, problem: code }, cause);
  }
}
