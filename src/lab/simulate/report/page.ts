import type { ContenderResult, SimulationResult } from '../result.ts';
import { boundLine, columns, duration, fixed, headline, money, remarksOn, whole } from './figures.ts';
import { type Curve, escaped, type Plot, styleCount, svgOf } from './plot.ts';
import { styleSheet } from './style.ts';

/** The report as one HTML page that asks nobody for anything: style and plots are in it, and there is no script. */
export function pageOf(result: SimulationResult): string {
  const from = new Date(result.startMs).toISOString().slice(0, 16).replace('T', ' ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Simulation of a burst</title>
<style>${styleSheet}</style>
</head>
<body>
<main>
<h1>Simulation of a burst</h1>
<p>${escaped(headline(result))}.</p>
<p class="soft">From ${from} UTC, seed ${escaped(result.seed)}. ${escaped(capital(boundLine(result)))}.</p>
${result.contenders
  .flatMap(remarksOn)
  .map((remark) => `<p><strong>${escaped(capital(remark))}.</strong></p>`)
  .join('\n')}
${tableOf(result)}
${plotsOf(result).map(figureOf).join('\n')}
</main>
</body>
</html>
`;
}

function tableOf({ contenders }: SimulationResult): string {
  const head = columns.map(
    ({ title, meaning }) => `<th scope="col"><abbr title="${escaped(meaning)}">${escaped(title)}</abbr></th>`,
  );
  const rows = contenders.map(
    (each) =>
      `<tr><th scope="row">${escaped(each.name)}</th>${columns.map(({ cell }) => `<td>${escaped(cell(each))}</td>`).join('')}</tr>`,
  );
  return `<div class="scroll" role="region" aria-label="Figures" tabindex="0"><table>
<caption class="soft">How the contenders fared</caption>
<thead><tr><th scope="col">contender</th>${head.join('')}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table></div>`;
}

function plotsOf(result: SimulationResult): readonly Plot[] {
  const { contenders, arrivals } = result;
  const steps = Math.max(arrivals.jobs.length, ...contenders.map(({ series }) => series.backlog.length));
  const time = { startMs: arrivals.startMs, stepMs: arrivals.stepMs, steps };
  const perSecond = arrivals.jobs.map((jobs) => (jobs * 1000) / arrivals.stepMs);
  const most = Math.max(...contenders.map(({ series }) => highest(together(series))));
  return [
    {
      ...time,
      id: 'arrivals',
      title: 'Arrivals',
      unit: 'jobs per second',
      description: `Jobs that arrive per second, at most ${fixed(highest(perSecond), 1)} over ${duration(arrivals.stepMs / 1000)}; ${whole(result.jobs)} in all.`,
      curves: [{ name: 'arrivals', values: perSecond, style: 0, filled: true }],
    },
    {
      ...time,
      id: 'backlog',
      title: 'Backlog',
      unit: 'waiting jobs',
      description: `Most jobs waiting: ${listed(contenders, ({ series }) => whole(highest(series.backlog)))}.`,
      curves: contenders.map((each, index) => ({
        name: each.name,
        values: each.series.backlog,
        style: index,
      })),
    },
    ...contenders.map(
      (each, index): Plot => ({
        ...time,
        id: `replicas-${index}`,
        title: `Replicas of ${each.name}`,
        unit: 'running replicas, burst on top of VMs',
        description: `At most ${whole(each.peaks.vmReplicas)} replicas on VMs and ${whole(each.peaks.burstReplicas)} on the virtual node; at most ${whole(each.peaks.vms)} VMs.`,
        highest: Math.max(1, most),
        curves: replicaCurves(each),
      }),
    ),
    {
      ...time,
      id: 'vms',
      title: 'VMs',
      unit: 'VMs that exist, those that still boot among them',
      description: `Most VMs: ${listed(contenders, ({ peaks }) => whole(peaks.vms))}.`,
      curves: contenders.map((each, index) => ({ name: each.name, values: each.series.vms, style: index })),
    },
    {
      ...time,
      id: 'cost',
      title: 'Cost',
      unit: result.currency === '' ? 'since the beginning' : `${result.currency} since the beginning`,
      description: `Cost at the end: ${listed(contenders, ({ costs }) => money(costs.total, result.currency))}.`,
      curves: contenders.map((each, index) => ({ name: each.name, values: each.series.cost, style: index })),
    },
  ];
}

function replicaCurves({ series, peaks }: ContenderResult): readonly Curve[] {
  const onVms = { name: 'on VMs', values: series.vmReplicas, style: 0, filled: true };
  return peaks.burstReplicas === 0
    ? [onVms]
    : [{ name: 'with burst', values: together(series), style: 1, filled: true }, onVms];
}

function together({ vmReplicas, burstReplicas }: ContenderResult['series']): readonly number[] {
  return vmReplicas.map((value, index) => value + (burstReplicas[index] ?? 0));
}

function figureOf(plot: Plot): string {
  const keys = plot.curves.map(
    ({ name, style }) =>
      `<span class="key"><svg viewBox="0 0 34 10" aria-hidden="true"><path class="line s${style % styleCount}" d="M0 5H34"/></svg>${escaped(name)}</span>`,
  );
  return `<section><h2>${escaped(plot.title)}</h2>
<figure>${svgOf(plot)}
<figcaption>${escaped(plot.unit)} (times in UTC). ${escaped(plot.description)}${plot.curves.length > 1 ? `<br>${keys.join('')}` : ''}</figcaption>
</figure></section>`;
}

function listed(contenders: readonly ContenderResult[], tell: (each: ContenderResult) => string): string {
  return contenders.map((each) => `${each.name} ${tell(each)}`).join(', ');
}

function highest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
