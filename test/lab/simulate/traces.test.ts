import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { SpillwayError } from '../../../src/errors.ts';
import { cellsOf } from '../../../src/lab/simulate/arrivals/cells.ts';
import { loadOfSlots } from '../../../src/lab/simulate/arrivals/load.ts';
import type { Slot } from '../../../src/lab/simulate/arrivals/slot.ts';
import { openTrace } from '../../../src/lab/simulate/arrivals/trace.ts';

const folder = mkdtempSync(join(tmpdir(), 'traces-'));
after(() => rmSync(folder, { recursive: true }));

let files = 0;
function fileOf(content: string | Uint8Array): string {
  files += 1;
  const file = join(folder, `${files}.csv`);
  writeFileSync(file, content);
  return file;
}

const functionHeader = (minutes = 1440): string =>
  `HashOwner,HashApp,HashFunction,Trigger,${Array.from({ length: minutes }, (_, index) => index + 1).join(',')}`;
const functionRow = (hash: string, jobs: number, minutes = 1440): string =>
  `o,a,${hash},queue,${Array<number>(minutes).fill(jobs).join(',')}`;

const good: readonly (readonly [name: string, text: string, slots: readonly Slot[]])[] = [
  [
    'counts in any interval, the last as long as usual',
    'timestamp,value\n2026-03-01T00:00:00Z,3\n2026-03-01T00:01:00Z,0\n',
    [
      { startMs: Date.parse('2026-03-01T00:00:00Z'), lengthMs: 60_000, jobs: 3 },
      { startMs: Date.parse('2026-03-01T00:01:00Z'), lengthMs: 60_000, jobs: 0 },
    ],
  ],
  [
    'other names, other columns, quotes, a byte order mark and Windows line ends',
    '\uFEFFhost,Date,Count\r\n"a,b","2026-03-01 00:00:00","1.5"\r\n\r\n',
    [{ startMs: Date.parse('2026-03-01T00:00:00Z'), lengthMs: 60_000, jobs: 1.5 }],
  ],
  [
    'a hole stays a hole',
    '0,1\n10,1\n20,1\n500,1\n',
    [
      { startMs: 0, lengthMs: 10_000, jobs: 1 },
      { startMs: 10_000, lengthMs: 10_000, jobs: 1 },
      { startMs: 20_000, lengthMs: 10_000, jobs: 1 },
      { startMs: 500_000, lengthMs: 10_000, jobs: 1 },
    ],
  ],
  [
    'one timestamp a request, milliseconds since the epoch',
    'timestamp\n1772323200000\n1772323200000\n1772323200500',
    [1_772_323_200_000, 1_772_323_200_000, 1_772_323_200_500].map((startMs) => ({
      startMs,
      lengthMs: 0,
      jobs: 1,
    })),
  ],
  [
    'a time with a zone of its own',
    '2026-03-01T01:00:00+01:00',
    [{ startMs: Date.parse('2026-03-01T00:00:00Z'), lengthMs: 0, jobs: 1 }],
  ],
];

for (const [name, text, slots] of good) {
  test(`a trace is read: ${name}`, () => {
    assert.deepEqual([...openTrace(fileOf(text)).slots()], slots);
  });
}

test('minutes of a day are summed over all functions, or taken of one', () => {
  const file = fileOf([functionHeader(), functionRow('f', 2), functionRow('g', 3)].join('\n'));
  const all = [...openTrace(file).slots()];
  assert.equal(all.length, 1440);
  assert.deepEqual(all[1], { startMs: 60_000, lengthMs: 60_000, jobs: 5 });
  assert.equal([...openTrace(file, 'g').slots()][7]?.jobs, 3);
});

const bad: readonly (readonly [
  name: string,
  content: string | Uint8Array,
  line: number,
  says: RegExp,
  hash?: string,
])[] = [
  ['empty file', '', 1, /is empty/],
  ['only a header', 'timestamp,value\n', 1, /no row/],
  ['only empty lines', '\n\n', 1, /is empty/],
  [
    'no time column',
    'tiem,value\n1,2',
    1,
    /column timestamp is missing: "tiem" may mean it|column timestamp is missing; the header has "tiem"/,
  ],
  ['no value column', 'timestamp,valeu\n1,2', 1, /column value is missing: "valeu" may mean it/],
  ['time that goes back', 'timestamp,value\n10,1\n\n5,1', 4, /before that of line 2/],
  ['requests that go back', 'timestamp\n10\n9', 3, /before that of line 2/],
  ['negative count', 'timestamp,value\n1,-2', 2, /-2 is negative/],
  ['a count beyond all measure', 'timestamp,value\n1,1e12', 2, /more than 100000000 jobs in one row/],
  ['times in two units', 'timestamp\n1\n1760000000000', 3, /more than 400 days after that of line 2/],
  ['count that is no number', 'timestamp,value\n1,many', 2, /"many" is not a number/],
  ['infinite count', 'timestamp,value\n1,1e999', 2, /is not a number/],
  ['missing count', 'timestamp,value\n1', 2, /value is missing/],
  ['time that is none', 'timestamp,value\nyesterday,1', 2, /"yesterday" is not a time/],
  ['binary file', Uint8Array.from([0x1f, 0x8b, 0, 1, 2, 3]), 1, /not text/],
  [
    'binary from the third line on',
    Buffer.concat([Buffer.from('timestamp\n1\n'), Buffer.from([0xff, 0xfe, 0x41])]),
    3,
    /not text/,
  ],
  ['an endless line', 'x'.repeat((1 << 20) + (1 << 19)), 1, /too long/],
  [
    'minutes without the function',
    functionHeader().replace('HashFunction', 'Name'),
    1,
    /HashFunction is missing/,
  ],
  [
    'a minute is missing',
    `${functionHeader().replace(',77,', ',x,')}\n${functionRow('f', 1)}`,
    1,
    /column 77/,
  ],
  ['a short row', `${functionHeader()}\n${functionRow('f', 1, 1000)}`, 2, /ends before minute 1001/],
  [
    'a negative minute',
    `${functionHeader()}\n${functionRow('f', 1)}\n${functionRow('g', -1)}`,
    3,
    /negative/,
  ],
  [
    'another function',
    `${functionHeader()}\n${functionRow('abcd', 1)}`,
    1,
    /no function abce; did you mean abcd/,
    'abce',
  ],
  ['a function of a trace that has none', 'timestamp,value\n1,2', 1, /no functions/, 'abce'],
];

for (const [name, content, line, says, hash] of bad) {
  test(`a trace is refused with file and line: ${name}`, () => {
    const file = fileOf(content);
    assert.throws(
      () => [...openTrace(file, hash).slots()],
      (error: unknown) => {
        assert.ok(error instanceof SpillwayError);
        assert.equal(error.code, 'TRACE_INVALID');
        assert.ok(error.message.startsWith(`${file}:${line}: `), error.message);
        assert.match(error.message, says);
        return true;
      },
    );
  });
}

test('a trace that cannot be opened is named', () => {
  assert.throws(() => openTrace(join(folder, 'none.csv')), { code: 'TRACE_UNREADABLE' });
  assert.throws(() => openTrace(folder), { code: 'TRACE_UNREADABLE' });
});

test('lines that lie across the pieces a file is read in are whole', () => {
  const rows = Array.from({ length: 60_000 }, (_, index) => `${index * 10},${index % 7}`);
  const slots = [...openTrace(fileOf(`timestamp,value\n${rows.join('\n')}`)).slots()];
  assert.equal(slots.length, 60_000);
  assert.ok(slots.every(({ startMs, jobs }, index) => startMs === index * 10_000 && jobs === index % 7));
});

test('cells may be quoted', () => {
  assert.deepEqual(cellsOf('a, "b ""c"", d",e'), ['a', 'b "c", d', 'e']);
  assert.deepEqual(cellsOf('"a",'), ['a', '']);
});

const slotsArbitrary = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 90 }), fc.double({ min: 0, max: 40, noNaN: true })), {
    minLength: 1,
  })
  .map((pairs) => {
    let startMs = 0;
    return pairs.map(([seconds, jobs]): Slot => {
      const slot = { startMs, lengthMs: seconds * 1000, jobs };
      startMs += slot.lengthMs;
      return slot;
    });
  });

test('arrivals of slots are in order, within their slots, and as many as the trace says', () => {
  fc.assert(
    fc.property(slotsArbitrary, fc.double({ min: 0.1, max: 5, noNaN: true }), (slots, scale) => {
      const load = loadOfSlots(() => slots, undefined, { seed: 's', scale, origin: '' });
      assert.ok(load !== undefined);
      const total = slots.reduce((sum, { jobs }) => sum + jobs * scale, 0);
      assert.ok(Math.abs(load.jobs - total) <= 1, `${load.jobs} of ${total}`);
      const arrivals = load.open();
      let beforeMs = 0;
      for (let atMs = arrivals.next(); atMs !== undefined; atMs = arrivals.next()) {
        assert.ok(atMs >= beforeMs && atMs <= load.endMs);
        beforeMs = atMs;
      }
    }),
  );
});

test('fractions of jobs are carried on until they are one', () => {
  const slots = Array.from({ length: 10 }, (_, index) => ({
    startMs: index * 1000,
    lengthMs: 1000,
    jobs: 0.3,
  }));
  assert.equal(loadOfSlots(() => slots, undefined, { seed: 's', scale: 1, origin: '' })?.jobs, 3);
});
