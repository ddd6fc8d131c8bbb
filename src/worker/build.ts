import { execFileSync } from 'node:child_process';
import { cpSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';

/**
 * Builds the package `@spillway/worker`, for `import` and for `require`, into a folder: `node src/worker/build.ts [folder]`.
 * Without a folder: dist/worker/package, which `npm run pack:worker` makes a tarball of.
 */
const home = import.meta.dirname;
const root = resolve(home, '../..');
const folder = resolve(process.argv[2] ?? join(root, 'dist/worker/package'));
const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');

rmSync(folder, { recursive: true, force: true });
for (const [format, type] of [
  ['esm', 'module'],
  ['cjs', 'commonjs'],
] as const) {
  const out = join(folder, format);
  const args = [compiler, '-p', join(home, `tsconfig.${format}.json`), '--outDir', out];
  execFileSync(process.execPath, args, { stdio: 'inherit' });
  for (const file of globSync('*.d.ts', { cwd: out }).map((name) => join(out, name))) withJsEndings(file);
  // What the endings `.js` mean in this folder: both formats lie in one package.
  writeFileSync(join(out, 'package.json'), `${JSON.stringify({ type })}\n`);
}
for (const file of ['package.json', 'README.md']) cpSync(join(home, file), join(folder, file));
cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));

/** The compiler leaves `./file.ts` in declarations, which older compilers of users do not resolve. */
function withJsEndings(file: string): void {
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(/(from '\.\/[^']+)\.ts'/g, "$1.js'"));
}
