import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { answerOf } from '../../../src/demand/prometheus-answer.ts';
import { pauseMs } from '../../../src/demand/prometheus-query.ts';
import { systemClock } from '../../../src/clock.ts';

const data = (resultType: string, result: unknown) => ({ status: 'success', data: { resultType, result } });
const number = (text: string) => data('vector', [{ metric: {}, value: [1_700_000_000.25, text] }]);
const codeOf = (status: number, body: unknown) => {
  const answer = answerOf(status, body);
  return answer.state === 'failed' ? answer.code : answer.value;
};

describe('the answer of a Prometheus', () => {
  test('counts when it is a vector of one or a scalar', () => {
    const good = { state: 'value', value: 12.5, atMs: 1_700_000_000_250 };
    assert.deepEqual(answerOf(200, number('12.5')), good);
    assert.deepEqual(answerOf(200, data('scalar', [1_700_000_000.25, '12.5'])), good);
    assert.equal(codeOf(200, number('1.5e+06')), 1_500_000);
    assert.equal(codeOf(200, number('0')), 0);
  });

  for (const text of ['NaN', '+Inf', '-Inf', '-1', '1e+300']) {
    test(`does not count when it is ${text}`, () =>
      assert.equal(codeOf(200, number(text)), 'PROMETHEUS_NUMBER_INVALID'));
  }

  const histogram = data('vector', [{ metric: {}, histogram: [1_700_000_000, { count: '3' }] }]);
  const two = data('vector', [{ value: [1, '1'] }, { value: [1, '2'] }]);
  for (const [what, status, body, code] of [
    ['of several series', 200, two, 'PROMETHEUS_SEVERAL_SERIES'],
    ['of no series', 200, data('vector', []), 'PROMETHEUS_NO_DATA'],
    ['a range', 200, data('matrix', []), 'PROMETHEUS_NUMBER_INVALID'],
    ['a text', 200, data('string', [1, 'x']), 'PROMETHEUS_NUMBER_INVALID'],
    ['a histogram', 200, histogram, 'PROMETHEUS_NUMBER_INVALID'],
    ['an empty number', 200, number(''), 'PROMETHEUS_FAILED'],
    ['no JSON', 200, undefined, 'PROMETHEUS_FAILED'],
    ['of something else', 200, { status: 'ok' }, 'PROMETHEUS_FAILED'],
    ['a part', 200, { ...number('1'), isPartial: true }, 'PROMETHEUS_PARTIAL'],
    ['400', 400, undefined, 'PROMETHEUS_QUERY_INVALID'],
    ['422', 422, { errorType: 'execution' }, 'PROMETHEUS_QUERY_INVALID'],
    ['401', 401, undefined, 'PROMETHEUS_AUTH_FAILED'],
    ['403', 403, undefined, 'PROMETHEUS_AUTH_FAILED'],
    ['503 for its own deadline', 503, { errorType: 'timeout' }, 'PROMETHEUS_TIMEOUT'],
    ['503 for another reason', 503, { errorType: 'canceled' }, 'PROMETHEUS_FAILED'],
    ['500', 500, number('1'), 'PROMETHEUS_FAILED'],
    ['a redirect', 302, number('1'), 'PROMETHEUS_FAILED'],
    ['404', 404, undefined, 'PROMETHEUS_FAILED'],
  ] as const) {
    test(`is lost when it is ${what}`, () => assert.equal(codeOf(status, body), code));
  }

  test('never throws, never carries what was answered, and never gives a number that cannot be', () => {
    const arbitrary = fc.oneof(
      fc.jsonValue(),
      fc.record({
        status: fc.constant('success'),
        data: fc.record({
          resultType: fc.constantFrom('vector', 'scalar'),
          result: fc.oneof(
            fc.jsonValue(),
            fc.tuple(fc.double(), fc.string()),
            fc.array(
              fc.record({ value: fc.tuple(fc.double(), fc.oneof(fc.string(), fc.double().map(String))) }),
            ),
          ),
        }),
      }),
    );
    fc.assert(
      fc.property(arbitrary, fc.constantFrom(200, 400, 503), (body, status) => {
        const answer = answerOf(status, body);
        if (answer.state === 'value')
          return answer.value >= 0 && Number.isSafeInteger(Math.round(answer.value));
        return Object.values(answer.details).every((one) =>
          /^(\d+|NaN|-?[\d.e+-]+|-?Infinity|[a-z ]+)$/.test(String(one)),
        );
      }),
    );
  });
});

test('pauses are even while all is well, and double up to 30 s after failures, each spread', () => {
  const pace = (random: number, everyMs = 5000) => ({ everyMs, clock: systemClock, random: () => random });
  assert.deepEqual([pauseMs(0, pace(0)), pauseMs(0, pace(0.5))], [4500, 5000]);
  assert.deepEqual(
    [1, 2, 3, 4, 5, 500].map((failures) => pauseMs(failures, pace(1))),
    [5000, 10_000, 20_000, 30_000, 30_000, 30_000],
  );
  assert.equal(pauseMs(3, pace(0)), 10_000);
  assert.equal(pauseMs(3, pace(1, 60_000)), 60_000);
});
