import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  type Labels,
  matches,
  parseSelector,
  SelectorProblem,
} from '../../../src/external-metrics/selector.ts';

const labels: Labels = { policy: 'thumbnails', source: 'images', queue: 'media:images' };
const holds = (selector: string): boolean => matches(parseSelector(selector), labels);

describe('a label selector', () => {
  for (const [selector, expected] of [
    ['', true],
    ['  ', true],
    ['policy=thumbnails', true],
    ['policy==thumbnails', true],
    ['policy = thumbnails , source = images', true],
    ['policy=other', false],
    ['policy!=other', true],
    ['policy!=thumbnails', false],
    ['missing!=anything', true],
    ['missing=', false],
    ['policy in (thumbnails, other)', true],
    ['policy in (other)', false],
    ['policy notin (other,thumbnails)', false],
    ['missing notin (other)', true],
    ['policy in ()', false],
    ['source', true],
    ['missing', false],
    ['!missing', true],
    ['! source', false],
    ['!missing,source in (images),policy!=x', true],
    ['example.com/team', false],
    ['in in (in)', false],
    ['toString', false],
  ] as const) {
    test(`"${selector}" ${expected ? 'holds' : 'does not hold'}`, () => {
      assert.equal(holds(selector), expected);
    });
  }

  for (const selector of [
    'policy=a b',
    ',',
    'policy=a,',
    ',policy=a',
    '=a',
    '!',
    '!a=b',
    'policy in a',
    'policy in (a',
    'policy in (a b)',
    'policy in',
    'policy>1',
    'policy<1',
    'policy(a)',
    'a/b/c=d',
    '-a=b',
    'policy=-a',
    'policy=media:images',
    `policy=${'a'.repeat(64)}`,
    'UPPER.com/a=b',
    'policy=a=b',
  ]) {
    test(`"${selector.slice(0, 30)}" is refused`, () => {
      assert.throws(() => parseSelector(selector), SelectorProblem);
    });
  }

  test('any text is read or refused, and what is read can be asked', () => {
    const pieces = fc.constantFrom(
      'a',
      'b-1',
      'x/y',
      '=',
      '==',
      '!=',
      '!',
      'in',
      'notin',
      '(',
      ')',
      ',',
      ' ',
      '>',
    );
    const text = fc.oneof(
      fc.array(pieces, { maxLength: 12 }).map((all) => all.join(' ')),
      fc.string(),
    );
    fc.assert(
      fc.property(text, (selector) => {
        try {
          assert.equal(typeof holds(selector), 'boolean');
        } catch (error) {
          assert.ok(error instanceof SelectorProblem);
        }
      }),
    );
  });

  test('the selectors that an HPA writes are read back as they were meant', () => {
    const word = fc.stringMatching(/^[a-z]([-a-z0-9]{0,8}[a-z0-9])?$/);
    const own = fc.dictionary(word, word, { minKeys: 1, maxKeys: 4 });
    fc.assert(
      fc.property(own, word, (wanted, other) => {
        const text = Object.entries(wanted)
          .map(([key, value]) => `${key}=${value}`)
          .join(',');
        assert.equal(matches(parseSelector(text), wanted), true);
        const [[key, value] = ['', '']] = Object.entries(wanted);
        assert.equal(matches(parseSelector(text), { ...wanted, [key]: other }), other === value);
        assert.equal(matches(parseSelector(`!${key}`), wanted), false);
      }),
    );
  });
});
