import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { folderWithPackage } from './packed.ts';

interface Manifest {
  readonly version: string;
  readonly license: string;
  readonly dependencies?: unknown;
}

function manifest(path: string): Manifest {
  return JSON.parse(readFileSync(path, 'utf8')) as Manifest;
}

test('the packed library loads by import and by require, with types, and imports nothing but Node', (t) => {
  const folder = folderWithPackage(t);
  const node = (...args: readonly string[]): string =>
    execFileSync(process.execPath, args, { cwd: folder }).toString().trim();
  const names = 'Object.keys(library).sort().join()';
  assert.equal(
    node('-e', `const library = require('@spillway/worker'); console.log(${names})`),
    'drainSignal,drainable',
  );
  assert.equal(
    node('--input-type=module', '-e', `import * as library from '@spillway/worker'; console.log(${names})`),
    'drainSignal,drainable',
  );

  const files = globSync('node_modules/@spillway/worker/**/*.js', { cwd: folder }).map((file) =>
    join(folder, file),
  );
  assert.ok(files.length > 10);
  const imported = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/(?:from |require\(|import )['"]([^'"]+)['"]/g)].map(
      ([, name = '']) => name,
    ),
  );
  assert.deepEqual(
    new Set(imported.filter((name) => !name.startsWith('./'))),
    new Set(['node:crypto', 'node:os']),
  );

  const user = `
    import { drainable, drainSignal } from '@spillway/worker';
    import { Worker } from 'bullmq';
    import { Redis } from 'ioredis';
    const handle = drainable(new Worker('q', async () => 1, { connection: {} }), { exit: true });
    const left: Promise<number> = handle.close();
    const drain = drainSignal({ client: new Redis(), key: 'jobs' });
    export const worked: Promise<boolean> = drain.run(async () => 'job', async (job: string) => left);`;
  for (const name of ['user.mts', 'user.cts']) writeFileSync(join(folder, name), user);
  const compiler = join(
    dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
    'bin/tsc',
  );
  const options = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2022', '--skipLibCheck'];
  node(compiler, ...options, '--ignoreConfig', 'user.mts', 'user.cts');
});

test('the library has the version and the license of Spillway, and no dependencies', () => {
  const [library, root] = [manifest('src/worker/package.json'), manifest('package.json')];
  assert.equal(library.version, root.version);
  assert.equal(library.license, root.license);
  assert.equal(library.dependencies, undefined);
  const example = JSON.parse(readFileSync('docs/examples/worker/package.json', 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  assert.equal(example.dependencies['@spillway/worker'], `file:spillway-worker-${root.version}.tgz`);
});
