/** What is to be closed before the process ends. */
export interface Ending {
  /** Answers how many jobs were left; never rejects. */
  readonly close: () => Promise<number>;
  /** Whether the process is to exit when all are closed. */
  readonly exit: boolean;
}

const signals = ['SIGTERM', 'SIGINT'] as const;

/** Signals reach a process and not a worker: so these are the endings of all its workers, and one exit waits for all. */
const endings = new Set<Ending>();

/** Closes this on SIGTERM and SIGINT; the returned function calls that off. */
export function closeOnSignal(ending: Ending): () => void {
  if (endings.size === 0) for (const signal of signals) process.on(signal, endAll);
  endings.add(ending);
  return () => {
    endings.delete(ending);
    if (endings.size === 0) for (const signal of signals) process.off(signal, endAll);
  };
}

function endAll(signal: NodeJS.Signals): void {
  // A second Ctrl-C ends the process at once; npm may send the first one twice.
  if (signal === 'SIGINT') setTimeout(() => process.off('SIGINT', endAll), 1_000).unref();
  void closeAll([...endings]);
}

async function closeAll(all: readonly Ending[]): Promise<void> {
  const jobsLeft = await Promise.all(all.map(({ close }) => close()));
  if (all.some(({ exit }) => exit)) process.exit(jobsLeft.some((jobs) => jobs > 0) ? 1 : 0);
}
