import { counted } from '../../decide/words.ts';
import { printable } from '../../report/table.ts';
import type { Finding, State } from './finding.ts';

const marks: Readonly<Record<State, string>> = {
  ok: '[ok]  ',
  warn: '[warn]',
  fail: '[FAIL]',
  skipped: '[skip]',
};

/** The checklist: a heading for each group, one line for each finding, and under it what to do. */
export function render(findings: readonly Finding[]): readonly string[] {
  const groups = [...new Set(findings.map(({ group }) => group))];
  return [
    ...groups.flatMap((group) => [
      printable(group),
      ...findings.filter((finding) => finding.group === group).flatMap(linesOf),
      '',
    ]),
    totals(findings),
  ];
}

/** 0: nothing fails; 1: something does. */
export function exitCodeOf(findings: readonly Finding[]): 0 | 1 {
  return findings.some(({ state }) => state === 'fail') ? 1 : 0;
}

function linesOf({ id, state, sentence, remedy }: Finding): readonly string[] {
  const advice = remedy === undefined ? [] : remedy.split('\n');
  return [
    `  ${marks[state]} ${printable(sentence)} (${id})`,
    ...advice.map((line) => `         ${printable(line)}`.trimEnd()),
  ];
}

function totals(findings: readonly Finding[]): string {
  const count = (state: State): number => findings.filter((finding) => finding.state === state).length;
  return `${count('ok')} ok, ${counted(count('warn'), 'warning')}, ${counted(count('fail'), 'failure')}, ${count('skipped')} skipped`;
}
