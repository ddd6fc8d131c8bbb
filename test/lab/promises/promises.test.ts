import { test } from 'node:test';
import { check } from './check.ts';

test('whatever the cluster, the load and up to a dozen faults: the promises hold at every step, and all comes to rest', (t) => {
  t.diagnostic(check({ plots: 100 }));
});
