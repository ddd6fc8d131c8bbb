import { globSync } from 'node:fs';
import { ensureRedisServer } from '../../src/commands/redis-server.ts';
import { ensureBinaries } from '../cluster/build.ts';
import { runFiles } from '../run-files.ts';
import { ensureHelm } from './helm.ts';

/**
 * `npm run chart`: the Helm chart with a real Helm on a real control plane, ending with one line of totals. Arguments
 * narrow it to files whose path contains one of them. What is missing (Helm, the control plane, a redis-server) is built
 * or installed first, outside of the tree.
 */
const wanted = process.argv.slice(2);
const files = globSync('test/chart/*.test.ts')
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .toSorted();

const say = (line: string): void => console.log(line);
await ensureRedisServer(say);
await ensureBinaries(say);
await ensureHelm(say);

const { passed, failed, skipped } = await runFiles(files, {
  concurrency: 1,
  timeoutMs: 600_000,
  execArgv: ['--test-force-exit'],
});
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
