import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { TestContext } from 'node:test';

/** A folder of somebody who uses the library, as `unpackedLibrary`, with this repository's bullmq beside it. */
export function folderWithPackage(t: TestContext): string {
  const folder = unpackedLibrary(t);
  for (const name of ['bullmq', 'ioredis', '@types']) {
    symlinkSync(resolve('node_modules', name), join(folder, 'node_modules', name));
  }
  return folder;
}

/**
 * A folder with nothing but `@spillway/worker`: built, packed as a tarball and unpacked from it under `node_modules`.
 * It goes with the test.
 */
export function unpackedLibrary(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-worker-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const built = join(folder, 'built');
  const installed = join(folder, 'node_modules/@spillway/worker');
  mkdirSync(installed, { recursive: true });
  execFileSync(process.execPath, ['src/worker/build.ts', built]);
  const [tarball = ''] = execFileSync('npm', [
    'pack',
    '--silent',
    '--offline',
    '--pack-destination',
    folder,
    built,
  ])
    .toString()
    .trim()
    .split('\n')
    .slice(-1);
  execFileSync('tar', ['-xzf', join(folder, tarball), '-C', installed, '--strip-components=1']);
  return folder;
}
