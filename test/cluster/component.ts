import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 50;

/** How a component is started, and how one sees that it serves. */
export interface ComponentSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly logPath: string;
  /** Says whether the component serves by now; asked again and again after a start. May throw for "not yet". */
  readonly isReady: () => Promise<boolean>;
  /** How long a start may take, in milliseconds. */
  readonly startTimeoutMs: number;
}

/** What runs at this moment, to be killed when this process ends in an orderly way. */
const living = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

/** A process of the control plane: started, killed, stopped and continued by tests. */
export class Component {
  readonly #spec: ComponentSpec;
  #child: ChildProcess | undefined;

  constructor(spec: ComponentSpec) {
    this.#spec = spec;
  }

  get name(): string {
    return this.#spec.name;
  }

  get logPath(): string {
    return this.#spec.logPath;
  }

  /** The process id, while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts it and waits until it serves. */
  async start(): Promise<void> {
    if (this.#child !== undefined) return;
    const { name, command, args, env, logPath, isReady, startTimeoutMs } = this.#spec;
    const log = openSync(logPath, 'a');
    const child = spawn(command, args, {
      stdio: ['ignore', log, log],
      // The Go side ends itself when this process does: see lifeline.go.
      env: { ...process.env, ...env, SPILLWAY_CLUSTER_PARENT: String(process.pid) },
    });
    closeSync(log);
    this.#child = child;
    living.add(child);
    let failure: unknown;
    const gone = () => {
      living.delete(child);
      if (this.#child === child) this.#child = undefined;
    };
    child.once('exit', gone);
    child.once('error', (error) => {
      failure = error;
      gone();
    });

    const deadline = performance.now() + startTimeoutMs;
    while (this.#child === child && performance.now() < deadline) {
      if (await isReady().catch(() => false)) return;
      await sleep(pollMs);
    }
    const how =
      this.#child === child ? `does not serve after ${startTimeoutMs / 1000} s` : 'ended right away';
    await this.kill();
    throw new Error(`${name} ${how}. ${lastWords(logPath)}`, { cause: failure });
  }

  /** Throws if it has ended: some components cannot be asked whether they serve. */
  expectRunning(): void {
    if (this.#child === undefined) throw new Error(`${this.name} has ended. ${lastWords(this.logPath)}`);
  }

  /** Kills it and waits until it is gone. */
  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  /** Kills it and starts it again on the same ports, with the same state. */
  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  /** Freezes it (SIGSTOP): connections stay open and nothing answers. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  /** Lets a frozen component go on (SIGCONT). */
  resume(): void {
    this.#child?.kill('SIGCONT');
  }
}

function lastWords(logPath: string, count = 15): string {
  const lines = readFileSync(logPath, 'utf8').trimEnd().split('\n').slice(-count);
  return `Its last words:\n${lines.join('\n')}`;
}
