import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import type { Summary } from '../../../src/commands/demo/watch.ts';

const demo = (...args: readonly string[]) => ['src/cli.ts', 'demo', ...args];

describe('the demo', () => {
  test('shows a whole burst and its end, and loses no job', { timeout: 200_000 }, async () => {
    const child = spawn(process.execPath, demo('--json', '--duration', '150s'), {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    const { jobs, burst, vm, cost, reactionMs } = JSON.parse(
      output.trim().split('\n').at(-1) ?? '',
    ) as Summary;
    assert.equal(code, 0);
    assert.deepEqual(jobs, { added: 6000, completed: 6000, failed: 0, stalled: 0 });
    assert.equal(burst.peak > 0 && burst.peak <= 40, true, String(burst.peak));
    assert.equal(reactionMs !== null && burst.goneAtMs !== null && burst.goneAtMs > reactionMs, true);
    assert.equal(vm.peak > 8 && vm.peak <= 32, true, `${vm.peak}: the VM pool has grown`);
    assert.equal(cost > 0, true);
  });

  test('ends at once with everything that it started when it is interrupted', {
    timeout: 60_000,
  }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'spillway-demo-test-'));
    const child = spawn(process.execPath, demo('--headless', '--keep'), {
      env: { ...process.env, TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
      if (String(chunk).includes('a spike')) break;
    }
    child.stdout.resume();
    const exited = once(child, 'exit');
    child.kill('SIGINT');
    const [code] = await exited;
    assert.equal(code, 0);
    // Redis runs in a folder of the demo's, and the workers hold a connection to it: nothing may be left there.
    const { stdout } = spawnSync('sh', ['-c', `ls ${folder}`], { encoding: 'utf8' });
    assert.equal(stdout, '');
    await rm(folder, { recursive: true, force: true });
  });

  test('refuses what it cannot show, in a sentence', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'spillway-demo-test-'));
    const file = join(folder, 'policy.yaml');
    writeFileSync(
      file,
      'apiVersion: spillway.dev/v1alpha1\nkind: BurstPolicy\nmetadata: { name: a }\nspec: {}\n',
    );
    const run = (...args: readonly string[]) =>
      spawnSync(process.execPath, demo(...args), { encoding: 'utf8' });
    for (const [args, code] of [
      [['--policy', file], 'POLICY_INVALID'],
      [['--policy', join(folder, 'none.yaml')], 'CHECK_UNREADABLE'],
      [['--speed', 'fast'], 'SPEED_INVALID'],
      [['--duration', 'soon'], 'DURATION_INVALID'],
    ] as const) {
      const { status, stderr } = run(...args);
      assert.equal(status, 2, args.join(' '));
      assert.match(stderr, new RegExp(`^[^\\n]+ \\[${code}\\]\\n$`));
    }
    await rm(folder, { recursive: true, force: true });
  });
});
