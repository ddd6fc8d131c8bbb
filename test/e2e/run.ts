import { globSync } from 'node:fs';
import { ensurePrograms } from '../programs.ts';
import { ensureBinaries } from '../cluster/build.ts';
import { runFiles } from '../run-files.ts';

/**
 * `npm run e2e`: the control plane for tests, then every story on it, one file after the other, ending with one line
 * of totals. Arguments narrow it to files whose path contains one of them. What is missing (the control plane, a
 * redis-server) is built or installed first, outside of the tree.
 */
const wanted = process.argv.slice(2);
const files = globSync(['test/cluster/*.test.ts', 'test/e2e/*.test.ts'])
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .toSorted();

await ensurePrograms();
await ensureBinaries((line) => console.log(line));

const { passed, failed, skipped } = await runFiles(files, {
  concurrency: 1,
  timeoutMs: 600_000,
  // What a failed test left open must not keep its file, and with it all others, from ending.
  execArgv: ['--test-force-exit'],
});
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
