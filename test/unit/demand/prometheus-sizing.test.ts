import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { OkSample } from '../../../src/decide/observation.ts';
import type { Source } from '../../../src/policy/policy.ts';
import { policy, source } from '../decide/given.ts';
import { runShop } from '../decide/shop.ts';

/** What a query leaves out, whatever the shop knows. */
const byQuery = (arrivalsPerSecond: number | undefined): Partial<OkSample> => ({
  active: 0,
  oldestAgeSeconds: undefined,
  arrivalsTotal: undefined,
  completionsTotal: undefined,
  arrivalsPerSecond,
});

const measured = (drainWithin: number, jobSeconds: number, more: Partial<Source> = {}) =>
  policy({
    scaling: {
      sources: [
        source({
          drainWithin,
          jobSeconds,
          feed: { type: 'Prometheus', connection: 'main', query: 'q', arrivalRateQuery: 'r' },
          ...more,
        }),
      ],
    },
  });

describe('a policy that is driven by queries', () => {
  test('wants 200 for 20 000 jobs of 3 s within 300 s, and one more when a second of them is gone', () => {
    const books = runShop({
      policy: measured(300, 3),
      seconds: 320,
      arrivals: (second) => (second === 0 ? 20_000 : 0),
      jobSeconds: () => 3,
      sample: () => byQuery(0),
    });
    assert.equal(Math.max(...books.demand), 201);
    assert.ok(books.longestWaitSeconds <= 300, String(books.longestWaitSeconds));
  });

  test('has workers for a steady stream of long jobs, though no query tells of those at work', () => {
    const books = runShop({
      policy: measured(60, 300),
      seconds: 1500,
      arrivals: () => 0.5,
      jobSeconds: () => 300,
      startSeconds: 20,
      sample: () => byQuery(0.5),
    });
    const later = books.demand.slice(400);
    assert.ok(Math.min(...later) >= 150, `${Math.min(...later)} are fewer than the 150 at work`);
    assert.ok(Math.max(...later) <= 165, String(Math.max(...later)));
    assert.ok(books.longestWaitSeconds <= 60, `${books.longestWaitSeconds} s are more than the 60 allowed`);
  });

  test('ends with nobody when nothing waits and nothing comes', () => {
    const books = runShop({
      policy: measured(60, 2),
      seconds: 300,
      arrivals: (second) => (second < 100 ? 5 : 0),
      jobSeconds: () => 2,
      sample: (second) => byQuery(second < 100 ? 5 : 0),
    });
    assert.equal(books.demand.at(-1), 0);
  });

  test('counts jobs where it is told how many a replica takes', () => {
    const books = runShop({
      policy: measured(60, 2, { sizing: { rule: 'backlogPerReplica', jobs: 20 } }),
      seconds: 3,
      arrivals: (second) => (second === 0 ? 400 : 0),
      jobSeconds: () => 600,
      sample: () => byQuery(undefined),
    });
    assert.equal(books.demand[1], 20);
  });
});
