/** What an option may be. */
interface Rule {
  readonly isMet: (value: unknown) => boolean;
  /** In words, to follow "must be". */
  readonly must: string;
}

const isFunction = (value: unknown): boolean => typeof value === 'function';
const isFilledText = (value: unknown): boolean => typeof value === 'string' && value.trim() !== '';
const isNumberFrom = (least: number, most: number) => (value: unknown) =>
  typeof value === 'number' && value >= least && value <= most;

const trueOrFalse: Rule = { isMet: (value) => typeof value === 'boolean', must: 'true or false' };
const callback: Rule = { isMet: isFunction, must: 'a function' };

const rules: Readonly<Record<string, Rule>> = {
  podName: { isMet: (value) => typeof value === 'string', must: 'the name of the pod, as text' },
  // A report counts for 15 s: one that comes less often may be missed.
  intervalMs: { isMet: isNumberFrom(50, 5_000), must: 'a number of milliseconds from 50 to 5000, as 1000' },
  signals: trueOrFalse,
  finishWithinMs: {
    isMet: isNumberFrom(0, Infinity),
    must: 'a number of milliseconds from 0, as 10000; leave it out for no limit',
  },
  exit: trueOrFalse,
  onDraining: callback,
  onDrained: callback,
  onResumed: callback,
  log: { isMet: isFunction, must: 'a function that takes a text, as (message) => console.warn(message)' },
};

/**
 * Refuses options that would do harm unnoticed: numbers given as text, names that nobody knows.
 * @param who the function that they were given to
 * @param others names of options that only that function has, and checks itself
 * @throws TypeError that says what to write instead
 */
export function checkOptions(who: string, options: unknown, others: readonly string[] = []): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(`${who}: the options must be an object, as { exit: true }.`);
  }
  for (const [name, value] of Object.entries(options as Readonly<Record<string, unknown>>)) {
    if (others.includes(name)) continue;
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === undefined) {
      const known = [...others, ...Object.keys(rules)].join(', ');
      throw new TypeError(`${who} has no option "${name}". It has: ${known}.`);
    }
    if (value !== undefined && !rule.isMet(value)) {
      throw new TypeError(`${who}: ${name} must be ${rule.must}. It is ${shown(value)}.`);
    }
  }
}

/** @throws TypeError where this is no key of a list or stream */
export function checkKey(key: unknown): void {
  if (isFilledText(key)) return;
  throw new TypeError(
    "drainSignal: key must be the name of the list or stream, as in the policy: { client, key: 'jobs' }.",
  );
}

/** @throws TypeError where this is no Worker of BullMQ */
export function checkWorker(worker: unknown): void {
  const parts = (typeof worker === 'object' && worker !== null ? worker : {}) as Readonly<
    Record<string, unknown>
  >;
  const methods = ['toKey', 'isPaused', 'isRunning', 'pause', 'resume', 'close', 'processJob', 'once'];
  if (methods.every((name) => isFunction(parts[name])) && typeof parts['opts'] === 'object') return;
  throw new TypeError(
    'drainable needs a Worker of BullMQ 5 or 6: drainable(new Worker(queue, processor, …)).',
  );
}

function shown(value: unknown): string {
  if (typeof value === 'string') return 'text';
  return typeof value === 'number' || typeof value === 'boolean' || value === null
    ? String(value)
    : `of type ${typeof value}`;
}
