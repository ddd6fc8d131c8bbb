import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';

function spillway(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['src/cli.ts', ...args], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe('the command line', () => {
  test('names its commands, and each prints help', () => {
    const { status, stdout } = spillway('--help');
    assert.equal(status, 0);
    const commands = [...stdout.matchAll(/^ {2}([a-z]+) .*$/gm)].map(([, name = '']) => name);
    assert.equal(commands.includes('run') && commands.includes('demo') && commands.includes('check'), true);
    for (const command of commands.filter((name) => name !== 'help')) {
      const help = spillway(command, '--help');
      assert.equal(help.status, 0, command);
      assert.match(help.stdout, new RegExp(`Usage: spillway ${command} `));
    }
  });

  test('refuses an unknown command or option and shows how to write it', () => {
    for (const args of [['burst'], ['run', '--nonsense'], ['run', '--log-level', 'loud']]) {
      const { status, stderr } = spillway(...args);
      assert.equal(status === 0, false, args.join(' '));
      assert.match(stderr, /error: .*\n[^]*Usage: spillway/, args.join(' '));
    }
  });

  test('ends with 2 and one sentence where a file is missing or not valid', () => {
    const { status, stderr } = spillway('run', '--config', 'no-such-file.yaml');
    assert.equal(status, 2);
    assert.match(stderr, /^The configuration no-such-file\.yaml is not valid: .*\[CONFIG_INVALID\]\n$/);
    const unreadable = spillway('run', '--kubeconfig', 'no-such-file');
    assert.equal(unreadable.status, 2);
    assert.match(unreadable.stderr, /\[KUBECONFIG_INVALID\]\n$/);
  });
});
