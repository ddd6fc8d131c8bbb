import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '../../../src/decide/decide.ts';
import { blank, companion, observation, policy } from './given.ts';

const told = (drain: {
  burst?: number;
  target?: number;
  busy?: number;
  guessed?: number;
  forbidden?: number;
}) => {
  const all = { burst: 0, target: 0, busy: 0, guessed: 0, ...drain };
  const seen = observation({ companions: [companion(40, { draining: all.burst })], drain: all });
  return decide(policy(), seen, blank).decision;
};

test('a decision says how many drain and how many of them are busy', () => {
  const { summary, reasons, draining } = told({ burst: 12, busy: 3 });
  assert.match(summary, /; 12 of 40 are draining, 3 of them busy\.$/);
  assert.equal(
    reasons.find(({ code }) => code === 'Draining')?.message,
    '12 of 40 are draining, 3 of them busy.',
  );
  assert.equal(draining.burst, 12);
  assert.match(told({ target: 1 }).summary, /; 1 pod is draining, 0 of them busy\.$/);
});

test('and that it is a guess where workers say nothing of themselves', () => {
  assert.equal(
    told({ burst: 1, guessed: 40 }).reasons.some(({ code }) => code === 'DrainGuessed'),
    true,
  );
  assert.equal(
    told({ burst: 1 }).reasons.some(({ code }) => code === 'DrainGuessed'),
    false,
  );
});

test('and that workers cannot be marked where their Redis forbids it, as long as somebody leaves', () => {
  const reason = told({ burst: 1, forbidden: 1 }).reasons.find(({ code }) => code === 'DrainForbidden');
  assert.match(reason?.message ?? '', /^Redis forbids Spillway to mark the workers of 1 source: grant /);
  assert.equal(
    told({ burst: 1 }).reasons.some(({ code }) => code === 'DrainForbidden'),
    false,
  );
});

test('while pods drain the next look comes soon', () => {
  assert.equal(told({ burst: 1 }).nextLookSeconds <= 0.5, true);
  assert.equal(told({ target: 1 }).nextLookSeconds <= 0.5, true);
});
