import { fail, ok, warn } from '../finding.ts';
import type { Check } from '../look.ts';

const id = 'configuration';

/** Which configuration everything else is judged by. */
export const checkConfiguration: Check = async ({ settings }) => {
  const { from, problem } = settings;
  if (problem !== undefined) {
    return [fail(id, `The configuration in ${from ?? 'the file'} is not valid.`, problem)];
  }
  if (from === undefined) {
    return [
      warn(
        id,
        'The configuration of Spillway is not found; the built-in one is assumed.',
        'Name the one that it runs with: --config <file>.',
      ),
    ];
  }
  return [ok(id, `The configuration is that of ${from}.`)];
};
