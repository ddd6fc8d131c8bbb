import { z } from 'zod';
import { nearest } from '../../policy/nearest.ts';
import { isDroppable, ruleCodes } from './rules.ts';

const settings = ['refuse', 'drop', 'warn', 'off'] as const;

/** `virtualPools[].rules` of the configuration: what is done about rules, where not what the table says. */
export const ruleSettings = z
  .partialRecord(z.enum(ruleCodes), z.enum(settings), {
    error: ({ code, keys }: { readonly code?: string; readonly keys?: unknown }) =>
      code === 'unrecognized_keys' && Array.isArray(keys) ? unknownRules(keys.map(String)) : undefined,
  })
  .superRefine((chosen, context) => {
    for (const code of ruleCodes) {
      if (chosen[code] !== 'drop' || isDroppable(code)) continue;
      const message = 'this rule knows nothing to leave out, so it cannot be drop: write refuse, warn or off';
      context.addIssue({ code: 'custom', path: [code], message });
    }
  });

function unknownRules(keys: readonly string[]): string {
  const [one = ''] = keys;
  const meant = nearest(one, ruleCodes);
  const hint = meant === undefined ? 'docs/eligibility.md lists all' : `did you mean ${meant}?`;
  return `there is no rule ${one} (${hint})`;
}
