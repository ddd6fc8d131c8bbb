import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { runbookOf } from '../../../src/report/monitoring/alert.ts';
import { alerts } from '../../../src/report/monitoring/rules-file.ts';
import { anchorsOf } from '../../docs/pages.ts';
import { promtool } from './promtool.ts';

const rulesFile = 'charts/spillway/files/rules.yaml';
const testFiles = globSync('test/unit/monitoring/rules/*.yaml').toSorted();

interface RuleTests {
  readonly tests: readonly {
    readonly alert_rule_test: readonly {
      readonly alertname: string;
      readonly exp_alerts?: readonly unknown[];
    }[];
  }[];
}

describe('alert rules', () => {
  test('promtool accepts the rules', () => {
    assert.match(promtool('check', 'rules', rulesFile), /SUCCESS/);
  });

  for (const file of testFiles) {
    test(`alerts fire and stay silent as ${file} says`, () => {
      promtool('test', 'rules', file);
    });
  }

  test('every alert has a test in which it fires and one in which it stays silent', () => {
    const cases = testFiles
      .flatMap((file) => (parse(readFileSync(file, 'utf8')) as RuleTests).tests)
      .flatMap((one) => one.alert_rule_test);
    const having = (fires: boolean): ReadonlySet<string> =>
      new Set(
        cases
          .filter(({ exp_alerts: expected = [] }) => expected.length > 0 === fires)
          .map(({ alertname }) => alertname),
      );
    const [firing, silent] = [having(true), having(false)];
    assert.deepEqual(
      alerts.map(({ name }) => name).filter((name) => !firing.has(name) || !silent.has(name)),
      [],
    );
    assert.equal(new Set([...firing, ...silent]).size, alerts.length);
  });

  test('every alert has its heading in docs/alerts.md, with its severity and time', () => {
    const path = 'docs/alerts.md';
    const text = readFileSync(path, 'utf8');
    const anchors = anchorsOf({ path, text });
    const missing = alerts.filter((alert) => {
      const [page, anchor = ''] = runbookOf(alert).split('#');
      const when = alert.after === '0m' ? 'at once' : `after ${alert.after.replace('m', ' min')}`;
      const opening = `## ${alert.name}\n\n**${alert.severity}, ${when}.**`;
      return page !== path || !anchors.has(anchor) || !text.includes(opening);
    });
    assert.deepEqual(
      missing.map(({ name }) => name),
      [],
    );
    assert.equal([...text.matchAll(/^## Spillway/gm)].length, alerts.length);
  });
});
