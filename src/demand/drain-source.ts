import type { Clock } from '../clock.ts';
import { type ErrorCode, sentence } from '../errors.ts';
import { Bell } from './bell.ts';
import type { WorkersSample } from './drain.ts';
import { drainArguments, drainScript, parsedReports } from './drain-script.ts';
import { drainFailureCode, isFailover } from './redis/failure.ts';
import type { Line } from './redis/links.ts';
import { evaluate } from './redis/script.ts';

/** How often workers are heard while marks stand, also where that fails, and otherwise. */
const markedMs = 500;
const lostMs = 1_000;
const unmarkedMs = 5_000;

const none: ReadonlyMap<string, string> = new Map();

/** Marks and hears the workers of one source, over whatever link it has at the moment. */
export class DrainSource {
  readonly #keys: string;
  readonly #details: Readonly<Record<string, string>>;
  readonly #give: (sample: WorkersSample) => void;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #changed: Bell;
  #line: Line | undefined;
  /** The server took writes the last time: if it takes none now, it has become a replica. */
  #wrote = false;
  /** Undefined: nothing has been asked for yet. */
  #marks: ReadonlyMap<string, string> | undefined;
  /** Marks of this process that are not wanted any more and may still stand. */
  readonly #lifting = new Map<string, string>();
  #given: { readonly text: string; readonly atMs: number } | undefined;

  /**
   * @param keys what `drainKeys` gave
   * @param details what the sentences of errors.ts name
   * @param random between 0 and 1
   */
  constructor(
    keys: string,
    details: Readonly<Record<string, string>>,
    give: (sample: WorkersSample) => void,
    clock: Clock,
    random: () => number,
  ) {
    this.#keys = keys;
    this.#details = { ...details, drainKeys: keys };
    this.#give = give;
    this.#clock = clock;
    this.#random = random;
    this.#changed = new Bell(clock);
  }

  /** From now on exactly these are marked by this process, pod name → mark. */
  mark(marks: ReadonlyMap<string, string>): void {
    const before = this.#marks;
    if (before !== undefined && isSame(before, marks)) return;
    for (const [pod, mark] of before ?? none) if (!marks.has(pod)) this.#lifting.set(pod, mark);
    for (const pod of marks.keys()) this.#lifting.delete(pod);
    this.#marks = new Map(marks);
    this.#changed.ring();
  }

  /** Goes on over this link; the returned function takes it away. */
  attach(line: Line): () => void {
    this.#line = line;
    this.#wrote = false;
    this.#changed.ring();
    return () => {
      this.#line = undefined;
    };
  }

  /** There is no Redis to speak to. */
  lose(code: ErrorCode): void {
    this.#tell({ state: 'lost', workers: [], markedAtMs: undefined, problem: this.#problem(code) });
  }

  /** Marks and hears until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const waitMs = this.#line === undefined ? undefined : await this.#exchange(this.#line, signal);
      await this.#changed.wait(waitMs, signal);
    }
  }

  /** Answers when to do so again. */
  async #exchange(line: Line, signal: AbortSignal): Promise<number> {
    const marks = this.#marks;
    const wanted = marks ?? none;
    const lifted = new Map(this.#lifting);
    try {
      const args = drainArguments(this.#keys, wanted, lifted);
      const workers = parsedReports(await evaluate(drainScript, args, line.call));
      // A line that was taken away meanwhile says nothing of the one that took its place.
      if (signal.aborted || this.#line !== line) return 0;
      this.#wrote = true;
      for (const [pod, mark] of lifted) if (this.#lifting.get(pod) === mark) this.#lifting.delete(pod);
      const standing = marks !== undefined && marks === this.#marks;
      const markedAtMs = standing ? this.#clock.now() : undefined;
      this.#tell({ state: 'ok', workers, markedAtMs });
      return wanted.size > 0 ? markedMs : this.#unmarkedMs();
    } catch (error) {
      if (signal.aborted || this.#line !== line) return 0;
      if (this.#wrote && isFailover(error)) line.failedOver();
      this.#wrote = false;
      this.lose(drainFailureCode(error));
      return wanted.size > 0 ? lostMs : this.#unmarkedMs();
    }
  }

  /** Spread, so that thousands of sources are not asked in one go. */
  #unmarkedMs(): number {
    return unmarkedMs * (0.8 + this.#random() / 5);
  }

  #problem(code: ErrorCode): { readonly code: ErrorCode; readonly message: string } {
    return { code, message: sentence(code, this.#details) };
  }

  /** Only what is new: another report, another set of marks that stands, or that nothing was told for 4 s. */
  #tell(sample: Omit<WorkersSample, 'atMs'>): void {
    const { markedAtMs, ...rest } = sample;
    const marks = markedAtMs === undefined ? undefined : [...(this.#marks ?? none)];
    const text = JSON.stringify({ ...rest, marks });
    const elapsedMs = this.#clock.elapsed();
    if (this.#given?.text === text && elapsedMs - this.#given.atMs < 0.8 * unmarkedMs) return;
    this.#given = { text, atMs: elapsedMs };
    this.#give({ ...sample, atMs: this.#clock.now() });
  }
}

function isSame(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([pod, mark]) => b.get(pod) === mark);
}
