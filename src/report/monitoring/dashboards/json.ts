import type { Dashboard, Panel, Row, Variable } from './dashboard.ts';

const datasource = { type: 'prometheus', uid: '${datasource}' };
const columns = 24;

interface Grid {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/**
 * The JSON of a dashboard for Grafana 10 and later (schema 38 is that of 10.0, which later versions migrate:
 * https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/).
 */
export function dashboardJson(dashboard: Dashboard): string {
  const { uid, title, description, variables, rows } = dashboard;
  const json = {
    uid,
    title,
    description,
    tags: ['spillway'],
    schemaVersion: 38,
    version: 1,
    editable: true,
    graphTooltip: 1,
    time: { from: 'now-6h', to: 'now' },
    refresh: '30s',
    timezone: '',
    annotations: { list: [] },
    links: [
      {
        type: 'dashboards',
        title: 'Spillway',
        icon: 'dashboard',
        tooltip: '',
        url: '',
        tags: ['spillway'],
        targetBlank: false,
        asDropdown: false,
        includeVars: true,
        keepTime: true,
      },
    ],
    templating: { list: [datasourceVariable, ...variables.map(variableJson)] },
    panels: laidOut(rows),
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}

const datasourceVariable = {
  name: 'datasource',
  label: 'Data source',
  type: 'datasource',
  query: 'prometheus',
  refresh: 1,
};

function variableJson({ name, label, metric, several }: Variable): object {
  const query = `label_values(${metric}, ${name})`;
  return {
    name,
    label,
    type: 'query',
    datasource,
    definition: query,
    query: { query, refId: name },
    refresh: 2,
    sort: 1,
    multi: several,
    includeAll: several,
    ...(several ? { allValue: '.*', current: { text: ['All'], value: ['$__all'] } } : {}),
  };
}

/** Panels from left to right and down; each row begins with its title. Ids are positions, so that they stay when nothing moves. */
function laidOut(rows: readonly Row[]): readonly object[] {
  const laid: object[] = [];
  let id = 0;
  let y = 0;
  for (const { title, collapsed = false, panels } of rows) {
    const row = { id: (id += 1), type: 'row', title, collapsed, gridPos: { x: 0, y, w: columns, h: 1 } };
    y += 1;
    const inside: object[] = [];
    let x = 0;
    let height = 0;
    for (const panel of panels) {
      const [w, h] = [panel.width ?? (panel.kind === 'stat' ? 4 : 12), panel.kind === 'stat' ? 4 : 8];
      if (x + w > columns) {
        y += height;
        x = 0;
        height = 0;
      }
      inside.push(panelJson(panel, (id += 1), { x, y, w, h }));
      x += w;
      height = Math.max(height, h);
    }
    y += height;
    laid.push(...(collapsed ? [{ ...row, panels: inside }] : [{ ...row, panels: [] }, ...inside]));
  }
  return laid;
}

function panelJson(panel: Panel, id: number, gridPos: Grid): object {
  const { title, description, kind, unit, queries } = panel;
  return {
    id,
    type: kind,
    title,
    description,
    datasource,
    gridPos,
    fieldConfig: {
      defaults: {
        unit,
        ...colorsOf(panel),
        mappings: mappingsOf(panel),
        links: linksOf(panel),
        ...drawing(panel),
      },
      overrides: [],
    },
    options: optionsOf(panel),
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCodePoint(65 + index),
      datasource,
      expr,
      legendFormat: legend,
      range: kind !== 'stat',
      instant: kind === 'stat',
    })),
  };
}

function colorsOf({ kind, thresholds = [] }: Panel): object {
  const base = { value: null, color: 'green' };
  const steps = [base, ...thresholds.map(({ from, color }) => ({ value: from, color }))];
  const mode = kind !== 'timeseries' ? 'thresholds' : 'palette-classic';
  return { color: { mode }, thresholds: { mode: 'absolute', steps } };
}

function mappingsOf({ words }: Panel): readonly object[] {
  if (words === undefined) return [];
  const options = Object.entries(words).map(([value, text]) => [value, { text }] as const);
  return [{ type: 'value', options: Object.fromEntries(options) }];
}

const policyUrl =
  '/d/spillway-policy?var-datasource=${datasource}&var-namespace=${__field.labels.namespace}&var-policy=${__field.labels.policy}&${__url_time_range}';

function linksOf({ ofPolicies = false }: Panel): readonly object[] {
  return ofPolicies ? [{ title: 'Open the policy', url: policyUrl, targetBlank: false }] : [];
}

function drawing({ kind, stacked = false, thresholds, unit }: Panel): object {
  if (kind === 'stat') return {};
  if (kind === 'state-timeline') return { custom: { fillOpacity: 70, lineWidth: 0 } };
  return {
    min: 0,
    ...(unit === 'percentunit' ? { max: 1 } : {}),
    custom: {
      drawStyle: 'line',
      lineInterpolation: 'stepAfter',
      lineWidth: 1,
      fillOpacity: stacked ? 40 : 0,
      showPoints: 'never',
      spanNulls: false,
      stacking: { mode: stacked ? 'normal' : 'none', group: 'A' },
      thresholdsStyle: { mode: thresholds === undefined ? 'off' : 'line' },
    },
  };
}

function optionsOf({ kind }: Panel): object {
  if (kind === 'stat') {
    return {
      colorMode: 'value',
      graphMode: 'none',
      textMode: 'auto',
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
    };
  }
  const legend = { showLegend: true, displayMode: 'list', placement: 'bottom', calcs: [] };
  const tooltip = { mode: kind === 'timeseries' ? 'multi' : 'single', sort: 'desc' };
  return kind === 'timeseries'
    ? { legend, tooltip }
    : { legend, tooltip, showValue: 'auto', mergeValues: true, rowHeight: 0.8 };
}
