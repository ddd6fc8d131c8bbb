import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { ensurePrograms } from './programs.ts';
import { runFiles } from './run-files.ts';

/**
 * `npm test`: formatting, lint, types and every test that needs no cluster, ending with one line of totals.
 * Arguments narrow it to test files whose path contains one of them; then the checks of style are left out.
 */
const wanted = process.argv.slice(2);
const files = globSync('test/{unit,lab}/**/*.test.ts')
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .toSorted();

const checks: readonly (readonly [name: string, ...command: readonly string[]])[] = [
  ['format', 'biome', 'format', '.'],
  ['lint', 'oxlint', '--type-aware', '--deny-warnings', 'src', 'test'],
  ['types', 'tsc', '--noEmit'],
];

let failed = 0;
let passed = 0;

if (wanted.length === 0) {
  for (const [name, command, ...args] of checks) {
    const ok = await succeeds(`node_modules/.bin/${command ?? ''}`, args);
    console.log(`${ok ? '✔' : '✖'} ${name}`);
    if (ok) passed += 1;
    else failed += 1;
  }
}

await ensurePrograms();

// Most of them wait more than they compute.
const totals = await runFiles(files, { concurrency: Math.max(2, availableParallelism()) });
passed += totals.passed;
failed += totals.failed;

console.log(`\n${passed} passed, ${failed} failed, ${totals.skipped} skipped`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

function succeeds(command: string, args: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    spawn(command, args, { stdio: 'inherit' })
      .on('exit', (code) => resolve(code === 0))
      .on('error', () => resolve(false));
  });
}
