import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatDuration, isDuration, parseDuration } from '../../../src/policy/duration.ts';
import { formatAmount, isAmount, parseAmount } from '../../../src/policy/money.ts';
import { cpuMillicores, memoryBytes, parseQuantity, wholeUnits } from '../../../src/policy/quantity.ts';

void test('a duration is read as seconds', () => {
  const examples = {
    '300ms': 0.3,
    '10s': 10,
    '5m': 300,
    '1h30m': 5400,
    '0s': 0,
    '1h2m3s4ms': 3723.004,
    '90m': 5400,
  };
  for (const [text, seconds] of Object.entries(examples)) assert.equal(parseDuration(text), seconds, text);
});

void test('what is not a duration is refused by name', () => {
  for (const text of [
    '',
    '5',
    'm',
    '5 m',
    ' 5m',
    '5m ',
    '-5m',
    '1.5h',
    '5m1h',
    '1h1h',
    '1d',
    '5M',
    '1us',
    '5m\n',
    '٥m',
  ]) {
    assert.equal(isDuration(text), false, text);
    assert.throws(() => parseDuration(text), { code: 'DURATION_INVALID' }, text);
  }
});

void test('seconds are written as the shortest duration', () => {
  const examples = { '0s': 0, '300ms': 0.3, '1m30s': 90, '1h30m': 5400, '25h': 90_000, '1s1ms': 1.001 };
  for (const [text, seconds] of Object.entries(examples)) assert.equal(formatDuration(seconds), text);
});

void test('a duration that is written can be read again', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1_000_000_000_000 }), (durationMs) => {
      fc.pre(durationMs / 3_600_000 < 100_000);
      assert.equal(parseDuration(formatDuration(durationMs / 1000)), durationMs / 1000);
    }),
  );
});

void test('a quantity is read as a number', () => {
  const examples = {
    '0': 0,
    '2': 2,
    '1.5Gi': 1_610_612_736,
    '100m': 0.1,
    '1e3': 1000,
    '1E3': 1000,
    '1E': 1e18,
    '1.5k': 1500,
    '12e-1': 1.2,
    '.5': 0.5,
    '5.': 5,
    '+5': 5,
    '-1Ki': -1024,
    '250n': 2.5e-7,
    '3u': 3e-6,
    '1Ei': 2 ** 60,
    '128974848': 128_974_848,
    '129M': 129_000_000,
    '123Mi': 128_974_848,
  };
  for (const [text, number] of Object.entries(examples)) assert.equal(parseQuantity(text), number, text);
});

void test('what is not a quantity is refused by name', () => {
  for (const text of [
    '',
    '.',
    '-',
    'Gi',
    '1 Gi',
    '1gi',
    '1K',
    '1e',
    '1e3k',
    '1.5.5',
    '0x10',
    '1Gi\n',
    'NaN',
    '9'.repeat(129),
  ]) {
    assert.throws(() => parseQuantity(text), { code: 'QUANTITY_INVALID' }, text);
    assert.throws(() => cpuMillicores(text), { code: 'QUANTITY_INVALID' }, text);
    assert.throws(() => memoryBytes(text), { code: 'QUANTITY_INVALID' }, text);
  }
});

void test('cpu is rounded up to a millicore and memory up to a byte, as Kubernetes does', () => {
  const cpu = {
    '1': 1000,
    '0.1': 100,
    '100m': 100,
    '0.0001': 1,
    '1u': 1,
    '2500u': 3,
    '1.0001': 1001,
    '1k': 1_000_000,
    '-1.5m': -2,
  };
  for (const [text, millicores] of Object.entries(cpu)) assert.equal(cpuMillicores(text), millicores, text);
  const memory = {
    '128Mi': 134_217_728,
    '1.5Gi': 1_610_612_736,
    '0.5': 1,
    '100m': 1,
    '1.1Ki': 1127,
    '1e3': 1000,
    '1G': 1e9,
  };
  for (const [text, bytes] of Object.entries(memory)) assert.equal(memoryBytes(text), bytes, text);
  assert.equal(wholeUnits('110'), 110);
});

void test('suffixes mean the same as their factors', () => {
  const factors = {
    n: 1e-9,
    u: 1e-6,
    m: 1e-3,
    '': 1,
    k: 1e3,
    M: 1e6,
    G: 1e9,
    T: 1e12,
    Ki: 2 ** 10,
    Mi: 2 ** 20,
    Gi: 2 ** 30,
    Ti: 2 ** 40,
  };
  fc.assert(
    fc.property(
      fc.nat(1_000_000),
      fc.constantFrom(...Object.entries(factors)),
      (number, [suffix, factor]) => {
        const expected = number * factor;
        assert.ok(Math.abs(parseQuantity(`${number}${suffix}`) - expected) <= expected * 1e-12);
        assert.ok(Math.abs(wholeUnits(`${number}${suffix}`) - Math.ceil(expected)) <= 1);
      },
    ),
  );
});

void test('millicores that are written are read exactly', () => {
  fc.assert(
    fc.property(fc.nat(100_000_000), (millicores) => {
      assert.equal(cpuMillicores(`${millicores}m`), millicores);
      const decimals = `${Math.floor(millicores / 1000)}.${String(millicores % 1000).padStart(3, '0')}`;
      assert.equal(cpuMillicores(decimals), millicores);
    }),
  );
});

void test('an amount is a plain decimal that is not negative', () => {
  assert.equal(parseAmount('20'), 20);
  assert.equal(parseAmount('0.0405'), 0.0405);
  for (const text of ['', '-1', '+1', '.5', '5.', '1e3', '500m', '20 USD', '1,5', 'NaN', '20\n']) {
    assert.equal(isAmount(text), false, text);
    assert.throws(() => parseAmount(text), { code: 'AMOUNT_INVALID' }, text);
  }
});

void test('an amount that is written can be read again', () => {
  assert.equal(formatAmount(0.1 + 0.2), '0.3');
  assert.equal(formatAmount(20), '20');
  assert.equal(formatAmount(100), '100');
  assert.equal(formatAmount(-0.1), '0');
  fc.assert(
    fc.property(fc.nat(1_000_000_000), (tenThousandths) => {
      assert.equal(parseAmount(formatAmount(tenThousandths / 10_000)), tenThousandths / 10_000);
    }),
  );
});
