import { ensurePrograms } from '../programs.ts';
import { ensureBinaries } from '../cluster/build.ts';
import { play } from './play.ts';
import { scenarioOf } from './scenario.ts';
import { tableOf } from './table.ts';

/**
 * `npm run chaos`: a spike on a real control plane with real Redis and BullMQ while one thing after the other fails, ten
 * minutes long; `npm run chaos -- short` has every fault once and takes about three. Ends with a table of how long things
 * took to come right and one line of totals. SPILLWAY_CHAOS_SEED plays a run again.
 */
const form = process.argv.includes('short') ? 'short' : 'long';
const seed = Number(process.env['SPILLWAY_CHAOS_SEED'] ?? Date.now() % 100_000);
const say = (line: string): void => console.log(line);

say(`SPILLWAY_CHAOS_SEED=${seed}`);
await ensurePrograms(say);
await ensureBinaries(say);

const startedMs = performance.now();
const { healed, problems, facts } = await play(scenarioOf(seed, form), seed, (line) => {
  say(`${String(Math.round((performance.now() - startedMs) / 1000)).padStart(4)} s  ${line}`);
});
say(`\n${tableOf(healed)}\n`);
for (const problem of problems.slice(0, 20)) say(`✖ ${problem}`);
const numbers = Object.entries(facts).map(([name, value]) => `${value} ${name}`);
say(
  `${problems.length === 0 ? 'passed' : `${problems.length} failed`}: ${numbers.join(', ')} (seed ${seed})`,
);
process.exit(problems.length === 0 ? 0 : 1);
