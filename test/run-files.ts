import { run } from 'node:test';
import { spec } from 'node:test/reporters';

export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Runs test files, each in a process of its own, tells what happens on standard output and counts single tests. */
export async function runFiles(
  files: readonly string[],
  options: {
    readonly concurrency: number;
    /** A file that takes longer is ended and failed, milliseconds. */
    readonly timeoutMs?: number;
    /** More of Node's command line for the process of a file. */
    readonly execArgv?: readonly string[];
  },
): Promise<Totals> {
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  const { concurrency, timeoutMs, execArgv = [] } = options;
  const tests = run({
    files: [...files],
    concurrency,
    isolation: 'process',
    execArgv,
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
  });
  tests.on('test:pass', (event) => {
    if (event.details.type === 'suite') return;
    if (event.skip === undefined && event.todo === undefined) passed += 1;
    else skipped += 1;
  });
  tests.on('test:fail', (event) => {
    // A suite that fails by itself (its set-up, its end) counts; one that fails by its tests was counted there.
    if (event.details.type !== 'suite' || !isOnlyOfItsTests(event.details.error)) failed += 1;
  });
  await new Promise<void>((resolve, reject) => {
    const report = tests.compose(new spec());
    report.on('end', resolve).on('error', reject);
    report.pipe(process.stdout, { end: false });
  });
  return { passed, failed, skipped };
}

/** Whether a suite failed by nothing but its tests (test runner: `failureType` of its errors). */
function isOnlyOfItsTests(error: Error): boolean {
  return 'failureType' in error && error.failureType === 'subtestsFailed';
}
