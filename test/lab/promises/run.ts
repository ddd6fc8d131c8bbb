import { fork } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { check } from './check.ts';

/**
 * `npm run promises [plots] [seed]`: 2 000 plots by default, spread over the cores, ending with one line of totals. The
 * seeds are printed, so that a failure can be seen again.
 */
const [plots = 2000, seed = randomInt(2 ** 31 - 1), part] = process.argv.slice(2).map(Number);

if (part === undefined) {
  const parts = Math.max(1, availableParallelism());
  const share = Math.ceil(plots / parts);
  const ends = await Promise.all(Array.from({ length: parts }, (_, index) => partOf(share, seed + index)));
  const failed = ends.filter((code) => code !== 0).length;
  console.log(`\n${share * parts} plots in ${parts} parts, ${failed} of them failed`);
  process.exit(failed === 0 ? 0 : 1);
}

try {
  console.log(`✔ ${check({ plots, seed })}`);
} catch (error) {
  console.error(`✖ ${plots} plots with seed ${seed}: ${error instanceof Error ? error.message : 'failed'}`);
  process.exitCode = 1;
}

/** A part in a process of its own; one that ends without an exit code was cut short, and counts as failed. */
function partOf(share: number, partSeed: number): Promise<number> {
  return new Promise((resolve) => {
    fork(fileURLToPath(import.meta.url), [String(share), String(partSeed), '1']).on('exit', (code) =>
      resolve(code ?? 1),
    );
  });
}
