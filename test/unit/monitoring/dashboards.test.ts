import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { dashboardJson } from '../../../src/report/monitoring/dashboards/json.ts';
import { promtool } from './promtool.ts';
import { dashboards, filledIn, panelQueries, panelsOf } from './queries.ts';

interface Json {
  readonly uid: string;
  readonly schemaVersion: number;
  readonly templating: { readonly list: readonly { readonly name: string }[] };
  readonly panels: readonly JsonPanel[];
}

interface JsonPanel {
  readonly id: number;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly panels?: readonly JsonPanel[];
}

const parsed = (dashboard: (typeof dashboards)[number]): Json => JSON.parse(dashboardJson(dashboard)) as Json;
const flat = (panels: readonly JsonPanel[]): readonly JsonPanel[] =>
  panels.flatMap((panel) => [panel, ...flat(panel.panels ?? [])]);

describe('dashboards', () => {
  test('their uids stay, so that links and bookmarks do', () => {
    assert.deepEqual(
      dashboards.map((dashboard) => parsed(dashboard).uid),
      ['spillway-cluster', 'spillway-policy'],
    );
  });

  for (const dashboard of dashboards) {
    test(`${dashboard.title}: panels have ids of their own, lie in the grid and not over one another`, () => {
      const panels = flat(parsed(dashboard).panels);
      assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
      const taken = new Set<string>();
      for (const { gridPos } of panels) {
        assert.ok(gridPos.x + gridPos.w <= 24);
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
            assert.ok(!taken.has(`${x}/${y}`), JSON.stringify(gridPos));
            taken.add(`${x}/${y}`);
          }
        }
      }
    });

    test(`${dashboard.title}: every panel says what it shows, under a title of its own`, () => {
      const panels = panelsOf(dashboard);
      assert.equal(new Set(panels.map(({ title }) => title)).size, panels.length);
      assert.deepEqual(
        panels.filter(({ description, queries }) => !description.endsWith('.') || queries.length === 0),
        [],
      );
    });

    test(`${dashboard.title}: every variable that is used is declared, and the other way round`, () => {
      const { templating, panels } = parsed(dashboard);
      const text = JSON.stringify(panels);
      const used = [...text.matchAll(/\$\{?(\w+)/g)].flatMap(([, name = '']) => name);
      assert.deepEqual(
        new Set(used.filter((name) => !name.startsWith('__'))),
        new Set(templating.list.map(({ name }) => name)),
      );
    });
  }

  test('a click on a line of a policy opens the dashboard of that policy', () => {
    const [cluster, policy] = dashboards;
    assert.ok(cluster !== undefined && policy !== undefined);
    const links = new Set(
      [...dashboardJson(cluster).matchAll(/"url": "(\/d\/[^"]+)"/g)].flatMap(([, url]) => url ?? []),
    );
    assert.equal(links.size, 1);
    const { pathname, searchParams } = new URL([...links].join(), 'http://grafana');
    assert.equal(pathname, `/d/${policy.uid}`);
    const declared = new Set(parsed(policy).templating.list.map(({ name }) => `var-${name}`));
    assert.deepEqual(new Set([...searchParams.keys()].filter((key) => key.startsWith('var-'))), declared);
    for (const { queries } of panelsOf(cluster).filter(({ ofPolicies }) => ofPolicies)) {
      assert.match(queries[0]?.legend ?? '', /\{\{namespace\}\}\/\{\{policy\}\}/);
    }
  });

  test('promtool parses the query of every panel', () => {
    const folder = mkdtempSync(join(tmpdir(), 'spillway-panels-'));
    try {
      const file = join(folder, 'panels.json');
      const rules = panelQueries().map(({ expr }, index) => ({
        record: `panel:${index}`,
        expr: filledIn(expr, { namespace: 'media', policy: 'thumbnails', rate: '1m' }),
      }));
      assert.ok(rules.length > 50);
      writeFileSync(file, JSON.stringify({ groups: [{ name: 'panels', rules }] }));
      promtool('check', 'rules', '--lint=none', file);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
