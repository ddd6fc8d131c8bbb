import { readFileSync } from 'node:fs';
import { simulate } from '../../../src/commands/simulate.ts';

export const page = 'docs/simulate.md';
const block = /(<!-- generated: [^>]+ -->\n```\n)[^]*?(```\n<!-- end -->)/;

/** The page with what its first command prints now. Run in the root of the project. */
export async function pageWithOutput(): Promise<string> {
  const lines: string[] = [];
  await simulate(
    {
      scenario: 'docs/examples/simulate/scenario.yaml',
      trace: undefined,
      function: undefined,
      fromPrometheus: undefined,
      query: undefined,
      days: '7',
      scale: '1',
      seed: undefined,
      json: false,
      report: undefined,
    },
    {
      out: (line) => lines.push(line),
      error: (line) => lines.push(line),
      terminal: undefined,
      fetch,
      now: () => 0,
    },
  );
  return readFileSync(page, 'utf8').replace(
    block,
    (_, before, after) => `${before}${lines.join('\n')}\n${after}`,
  );
}
