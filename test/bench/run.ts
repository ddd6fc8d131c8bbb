import { parseArgs } from 'node:util';
import { reaction } from './reaction.ts';

/** `npm run bench -- reaction [--json] [--spikes N]`: measures speed on the real parts, and prints what it measured. */
const benches = { reaction } as const;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, spikes: { type: 'string', default: '200' } },
});
const [name = ''] = positionals;
const bench = Object.entries(benches).find(([known]) => known === name)?.[1];
const spikes = Number(values.spikes);
if (bench === undefined || positionals.length > 1 || !Number.isInteger(spikes) || spikes < 1) {
  console.error(`usage: npm run bench -- ${Object.keys(benches).join(' | ')} [--json] [--spikes N]`);
  process.exit(2);
}
await bench({ json: values.json, spikes });
