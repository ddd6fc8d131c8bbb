import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { systemClock } from '../../../src/clock.ts';
import { secretsOf } from '../../../src/cluster/secrets.ts';
import { SpillwayError } from '../../../src/errors.ts';
import { json, line, refusal, scriptedServer } from './api-server.ts';

const signal = new AbortController().signal;
const base64 = (text: string): string => Buffer.from(text).toString('base64');

test('a Secret is read by name and decoded; a missing one and a forbidden one are told apart', async () => {
  const server = await scriptedServer(({ path }, response) => {
    if (path.endsWith('/redis')) return json(response, { data: { url: base64('redis://ä') } });
    const status = path.endsWith('/hidden') ? 403 : 404;
    json(response, refusal(status, 'Reason'), status);
  });
  const secrets = secretsOf(server.client, systemClock);
  const refused = (code: string) => (error: unknown) => error instanceof SpillwayError && error.code === code;
  try {
    assert.deepEqual(await secrets.read('media', 'redis', signal), { url: 'redis://ä' });
    await assert.rejects(secrets.read('media', 'gone', signal), refused('SECRET_NOT_FOUND'));
    await assert.rejects(secrets.read('media', 'hidden', signal), refused('SECRET_UNREADABLE'));
    assert.ok(server.asked.every(({ path }) => path.startsWith('/api/v1/namespaces/media/secrets/')));
  } finally {
    await server.close();
  }
});

test('two who watch the same Secret share one watch by name, which ends with the second of them', async () => {
  let open: ServerResponse | undefined;
  const ended = Promise.withResolvers<void>();
  const server = await scriptedServer((_, response) => {
    open = response;
    response.on('close', ended.resolve);
    response.write(line('ADDED', { metadata: { name: 'redis' } }));
  });
  const secrets = secretsOf(server.client, systemClock);
  try {
    const heard = { a: 0, b: 0 };
    const twice = Promise.withResolvers<void>();
    const stopA = secrets.watch('media', 'redis', () => {
      heard.a += 1;
    });
    const stopB = secrets.watch('media', 'redis', () => {
      heard.b += 1;
      if (heard.b === 1) open?.write(line('MODIFIED', { metadata: { name: 'redis' } }));
      else twice.resolve();
    });
    await twice.promise;
    assert.deepEqual(heard, { a: 2, b: 2 });
    assert.equal(server.asked.length, 1);
    assert.equal(server.asked[0]?.query.get('fieldSelector'), 'metadata.name=redis');
    stopA();
    stopB();
    await ended.promise;
  } finally {
    await server.close();
  }
});
