import assert from 'node:assert/strict';
import type { LookupAddress, lookup as systemLookup } from 'node:dns';
import { test } from 'node:test';
import fc from 'fast-check';
import { guardedLookup, isRefusedAddress } from '../../../src/demand/redis/address.ts';
import { endpointOf } from '../../../src/demand/redis/endpoint.ts';
import { SpillwayError } from '../../../src/errors.ts';

const ref = { secretName: 'redis', urlKey: 'url', caKey: undefined };
const code = (read: () => unknown): string => {
  try {
    read();
  } catch (error) {
    if (error instanceof SpillwayError) return error.code;
    throw error;
  }
  return 'ok';
};
const codeOf = (url: string) => code(() => endpointOf(ref, { url }));

test('a Redis URL is read with its parts, and space around it is left out', () => {
  const { id, ...parts } = endpointOf(ref, { url: ' rediss://me:p%40ss@cache.example:6380/3\n' });
  assert.deepEqual(parts, {
    at: { host: 'cache.example', port: 6380 },
    database: 3,
    username: 'me',
    password: 'p@ss',
    tls: { ca: undefined },
  });
  assert.match(id, /^[0-9a-f]{64}$/);
  const plain = endpointOf(ref, { url: 'redis://10.0.0.1' });
  assert.deepEqual([plain.at, plain.database, plain.tls], [{ host: '10.0.0.1', port: 6379 }, 0, undefined]);
});

test('sockets, other schemes and URLs with more to them are refused', () => {
  for (const url of [
    'unix:///run/redis.sock',
    '/run/redis.sock',
    'redis:///run/redis.sock',
    'http://redis:6379',
    'redis+sentinel://a:1',
    'redis://host/notanumber',
    'redis://host:6379?path=/run/redis.sock',
    'redis://host#x',
    'redis://:%zz@host',
    'host:6379',
    'nonsense',
  ]) {
    assert.equal(codeOf(url), 'REDIS_URL_INVALID', url);
  }
  assert.equal(codeOf(''), 'SECRET_KEY_MISSING');
  const withCa = { ...ref, caKey: 'ca' };
  assert.equal(
    code(() => endpointOf(withCa, { url: 'rediss://h', ca: 'no PEM' })),
    'REDIS_CA_INVALID',
  );
});

test('a Sentinel URL is read with all its hosts, the name of the master and both logins', () => {
  const url =
    'rediss+sentinel://me:p%40ss@a.example:1001,10.0.0.2,[fd00::3]:1003/main%2F1/2?sentinelUsername=s&sentinelPassword=%26+x';
  const { id, ...parts } = endpointOf(ref, { url });
  assert.deepEqual(parts, {
    at: {
      sentinels: [
        { host: 'a.example', port: 1001 },
        { host: '10.0.0.2', port: 26379 },
        { host: 'fd00::3', port: 1003 },
      ],
      master: 'main/1',
      username: 's',
      password: '&+x',
    },
    database: 2,
    username: 'me',
    password: 'p@ss',
    tls: { ca: undefined },
  });
  const plain = endpointOf(ref, { url: 'redis+sentinel://:pw@a/main' });
  assert.deepEqual(
    [plain.username, plain.password, plain.database, plain.tls],
    [undefined, 'pw', 0, undefined],
  );
  assert.notEqual(plain.id, id);
  assert.notEqual(plain.id, endpointOf(ref, { url: 'redis+sentinel://:pw@a/other' }).id);
});

test('Sentinel URLs that miss something, or say more, are refused', () => {
  for (const rest of [
    'a:26379',
    'a:26379/',
    '/main',
    'a,/main',
    'a:0/main',
    'a:65536/main',
    'a b/main',
    'a/main/x',
    'a/main/0/1',
    'a/main?password=x',
    'a/main?sentinelPassword=%zz',
    'a/main#x',
    'u:%zz@a/main',
    `${Array.from({ length: 16 }, (_, i) => `s${i}`).join(',')}/main`,
  ]) {
    assert.equal(codeOf(`redis+sentinel://${rest}`), 'REDIS_URL_INVALID', rest);
  }
  assert.equal(codeOf('redis+sentinel://a,169.254.169.254/main'), 'REDIS_ADDRESS_REFUSED');
  assert.equal(codeOf('redis+sentinel://a,[fe80::1]/main'), 'REDIS_ADDRESS_REFUSED');
});

test('no text makes reading a Sentinel URL fail with anything but a code', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) =>
      ['ok', 'REDIS_URL_INVALID', 'REDIS_ADDRESS_REFUSED'].includes(codeOf(`redis+sentinel://${text}/m`)),
    ),
  );
});

test('link-local and metadata addresses are refused in every spelling', () => {
  for (const host of [
    '169.254.169.254',
    '169.254.0.1',
    '168.63.129.16',
    '100.100.100.200',
    '[fe80::1]',
    '[febf::1]',
    '[fd00:ec2::254]',
    '[::ffff:169.254.169.254]',
    '[::ffff:a9fe:a9fe]',
    '[::169.254.169.254]',
    '[64:ff9b::169.254.169.254]',
    '[::ffff:168.63.129.16]',
  ]) {
    assert.equal(codeOf(`redis://${host}:80`), 'REDIS_ADDRESS_REFUSED', host);
  }
  for (const host of ['10.0.0.1', '127.0.0.1', '[fd00::1]', '[::1]', '168.63.129.17', 'redis']) {
    assert.equal(codeOf(`redis://${host}`), 'ok', host);
  }
});

test('no address of 169.254.0.0/16 passes, however it is written', () => {
  const byte = fc.integer({ min: 0, max: 255 });
  fc.assert(
    fc.property(byte, byte, (c, d) => {
      const hex = `a9fe:${(c * 256 + d).toString(16)}`;
      return [`169.254.${c}.${d}`, `::ffff:${hex}`, `64:ff9b::${hex}`].every(isRefusedAddress);
    }),
  );
});

test('a name that resolves to a refused address is refused, whatever else it resolves to', () => {
  const resolving = (...addresses: LookupAddress[]) =>
    guardedLookup(((_host: string, _options: object, done: (e: null, found: LookupAddress[]) => void) =>
      done(null, addresses)) as typeof systemLookup);
  const answers: unknown[] = [];
  const good = { address: '10.0.0.1', family: 4 };
  const bad = { address: '::ffff:169.254.169.254', family: 6 };
  const note = (error: Error | null, address: unknown) =>
    answers.push(error instanceof SpillwayError ? error.code : address);
  resolving(good)('a', { all: true }, note);
  resolving(good)('a', {}, note);
  resolving(good, bad)('a', { all: true }, note);
  resolving(bad)('a', {}, note);
  assert.deepEqual(answers, [[good], good.address, 'REDIS_ADDRESS_REFUSED', 'REDIS_ADDRESS_REFUSED']);
});
