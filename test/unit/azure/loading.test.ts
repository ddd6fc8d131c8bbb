import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

test('what is loaded without the key azure imports nothing of Azure but the shape of its settings', () => {
  const wrong = globSync('src/**/*.ts')
    .filter((file) => !file.startsWith('src/azure/'))
    .flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/^import\s(?!type\s)[^;]*?from '([^']+)';/gms)]
        .map(([, target = '']) => target)
        .filter(
          (target) =>
            /^(@azure\/|cockatiel)/.test(target) ||
            /(^|\/)azure\/(?!settings|fake-arm|world-arm)/.test(target),
        )
        .map((target) => `${file} → ${target}`),
    );
  assert.deepEqual(wrong, []);
  const loaded = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `import { registerHooks } from 'node:module';
       const seen = [];
       registerHooks({ resolve: (specifier, context, next) => { seen.push(specifier); return next(specifier, context); } });
       await import('./src/commands/run.ts');
       console.log(seen.filter((one) => /^(@azure|cockatiel)/.test(one)).join());`,
    ],
    { encoding: 'utf8' },
  );
  assert.equal(loaded.stderr.replaceAll(/.*Warning.*\n?|.*--trace.*\n?/g, ''), '');
  assert.equal(loaded.stdout.trim(), '');
});
