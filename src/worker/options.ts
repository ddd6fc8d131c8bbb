import { crewOf, type Leaving, type Member } from './crew.ts';
import type { DrainCallbacks, DrainLoopOptions } from './drain-loop.ts';
import { podNameOf } from './pod-name.ts';
import { closeOnSignal } from './process-signals.ts';
import type { DrainState } from './protocol.ts';

/** What can be chosen for workers of all kinds. */
export interface DrainOptions extends DrainCallbacks {
  /** Name of the pod; default: the environment variable POD_NAME, else the worker's own name, else the host's name. */
  readonly podName?: string | undefined;
  /** How often the worker reports and looks for a mark, milliseconds; default: 1 000. */
  readonly intervalMs?: number | undefined;
  /** Whether SIGTERM and SIGINT close the worker: no more jobs, those in work end; default: true. */
  readonly signals?: boolean | undefined;
  /** How long jobs in work may take to end once the worker closes, milliseconds; default: as long as they want. */
  readonly finishWithinMs?: number | undefined;
  /**
   * Whether the process exits when a signal has closed all its workers: with 0, or 1 where jobs were left;
   * default: false.
   */
  readonly exit?: boolean | undefined;
  /** Where warnings go; default: console.warn. */
  readonly log?: ((message: string) => void) | undefined;
}

/** A worker that can be drained. */
export interface DrainHandle {
  /** The name under which it is marked and reports. */
  readonly podName: string;
  /** What it does: takes jobs, only ends those in work, or has none. */
  readonly state: DrainState;
  /**
   * Takes no more jobs, lets those in work end within `finishWithinMs`, removes the report and closes the worker.
   * Answers how many jobs were left. Never rejects; called again, it answers the same.
   */
  close(): Promise<number>;
}

/** The options of a loop: the chosen ones, and what holds where none is chosen. */
export function loopOptions(options: DrainOptions, base: string, workerName?: string): DrainLoopOptions {
  const { onDraining, onDrained, onResumed, intervalMs = 1_000 } = options;
  return {
    pod: podNameOf(options.podName, workerName),
    base,
    intervalMs,
    onDraining,
    onDrained,
    onResumed,
    log: options.log ?? ((message) => console.warn(message)),
  };
}

/**
 * Lets a member join those who report under its name, and makes what closes it: once, by a call or by a signal.
 * @param finished closes what the member holds, where that is ours to close
 */
export function register(
  member: Member,
  { signals = true, finishWithinMs = Infinity, exit = false }: DrainOptions,
  finished: (leaving: Leaving) => Promise<void>,
): Pick<DrainHandle, 'state' | 'close'> {
  const crew = crewOf(member);
  let closing: Promise<number> | undefined;
  const close = async (): Promise<number> => {
    const leaving = await crew.leave(member, finishWithinMs);
    await finished(leaving);
    forget();
    return leaving.jobsLeft;
  };
  const closeOnce = (): Promise<number> => (closing ??= close());
  const forget = signals ? closeOnSignal({ close: closeOnce, exit }) : () => undefined;
  crew.join(member);
  return {
    get state() {
      return crew.stateOf(member);
    },
    close: closeOnce,
  };
}
