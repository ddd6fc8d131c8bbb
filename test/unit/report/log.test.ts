import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { SpillwayError } from '../../../src/errors.ts';
import { createLogger, type LogLevel } from '../../../src/report/log.ts';
import { redact } from '../../../src/report/redact.ts';

function logger({ level = 'info', pretty = false }: { level?: LogLevel; pretty?: boolean } = {}) {
  const lines: string[] = [];
  const log = createLogger({ level, pretty, destination: { write: (text) => lines.push(text) } });
  return { log, lines };
}

describe('log', () => {
  test('one line of JSON per thing that happened, with a level in words and a time', () => {
    const { log, lines } = logger();
    log.child({ policy: 'media/thumbnails' }).info({ replicas: 12 }, 'Companion scaled');
    assert.equal(lines.length, 1);
    const { time, ...rest } = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    assert.deepEqual(rest, {
      level: 'info',
      policy: 'media/thumbnails',
      replicas: 12,
      message: 'Companion scaled',
    });
    assert.match(String(time), /^\d{4}-.*Z$/);
  });

  test('what is below the level is not written', () => {
    const { log, lines } = logger({ level: 'warn' });
    log.info('no');
    log.warn('yes');
    assert.equal(lines.length, 1);
  });

  test('a password in a URL gets out through no field, message or error', () => {
    for (const pretty of [false, true]) {
      const { log, lines } = logger({ pretty });
      const url = 'rediss://user:s3cr/e@t@redis.media:6379/0';
      log.info({ url, deep: { list: [{ url }] }, password: 's3cr', redis: { token: 's3cr' } }, `to ${url}`);
      log.error({ err: new Error(`cannot reach ${url}`, { cause: new Error(url) }) }, 'Link lost');
      log.error(new Error(url));
      assert.doesNotMatch(lines.join(''), /s3cr|e@t/);
      assert.match(lines.join(''), /rediss:\/\/\*\*\*@redis\.media:6379/);
    }
  });

  test('what a server answered and what was sent to it stay out, its code and the stack do not', () => {
    const reply = Object.assign(new Error('WRONGPASS answer of the server'), {
      name: 'ReplyError',
      command: { name: 'auth', args: ['s3cr'] },
    });
    const api = Object.assign(new Error('HTTP-Code: 403 answer of the server'), {
      code: 403,
      body: 'answer of the server',
      headers: { token: 's3cr' },
    });
    const { log, lines } = logger();
    log.warn({ err: reply });
    log.warn(reply);
    log.warn({ err: new SpillwayError('CLUSTER_UNREACHABLE', {}, api) }, 'No answer');
    assert.doesNotMatch(lines.join(''), /s3cr|answer of the server/);
    assert.match(lines[0] ?? '', /"code":"WRONGPASS"/);
    assert.match(lines[2] ?? '', /"code":"CLUSTER_UNREACHABLE".*log\.test\.ts.*"code":403/);
  });

  test('for a person a line reads from left to right, errors below it', () => {
    const { log, lines } = logger({ pretty: true });
    log.warn({ resource: 'pods', err: new Error('gone') }, 'Watch restarted');
    assert.match(
      lines[0] ?? '',
      /^\d\d:\d\d:\d\d\.\d{3} WARN {2}Watch restarted {2}resource=pods\n {2}Error gone\n {4}at /,
    );
  });

  test('no user part survives, whatever the password; URLs without one stay as they are', () => {
    const password = fc.string({ unit: fc.constantFrom(...'abc:/@?#%&=.-_~!$'), minLength: 1 });
    fc.assert(
      fc.property(password, (text) => {
        assert.equal(redact(`x redis://u:${text}@host:1/2 y`), 'x redis://***@host:1/2 y');
      }),
    );
    assert.equal(redact('redis://host:6379/0?family=6'), 'redis://host:6379/0?family=6');
    assert.equal(redact('redis://host/0?password=abc&x=1'), 'redis://host/0?password=***&x=1');
  });
});
