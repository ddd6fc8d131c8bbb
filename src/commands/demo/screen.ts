import type { Moment } from './watch.ts';

/** Where the demo shows what happens. */
export interface Screen {
  show(moment: Moment): void;
  /** A line that stays: something happened. */
  tell(line: string): void;
  /** Leaves the terminal as it was found. */
  end(): void;
}

interface Output {
  write(text: string): unknown;
  readonly columns?: number;
}

const frame = { hideCursor: '\u001b[?25l', showCursor: '\u001b[?25h', clearDown: '\u001b[J' } as const;
const dim = (text: string): string => `\u001b[2m${text}\u001b[22m`;
const bold = (text: string): string => `\u001b[1m${text}\u001b[22m`;
const colours = { queue: 35, vm: 34, burst: 33 } as const;

/** Repaints a few lines in place: for a terminal. */
export function liveScreen(output: Output, header: string): Screen {
  let painted = 0;
  let longestQueue = 1000;
  let last: readonly string[] = [];
  const up = (): string => (painted > 0 ? `\u001b[${painted}A\r${frame.clearDown}` : '');
  const paint = (above: string): void => {
    output.write(`${up()}${above}${last.map((line) => `${line}\n`).join('')}`);
    painted = last.length;
  };
  output.write(frame.hideCursor);
  return {
    show(moment) {
      longestQueue = Math.max(longestQueue, moment.waiting);
      last = linesOf(moment, longestQueue, header, Math.min(110, output.columns ?? 80));
      paint('');
    },
    tell(line) {
      paint(`${line}\n`);
    },
    end() {
      output.write(frame.showCursor);
    },
  };
}

/** Plain lines, one every five seconds and one for everything that happens: for logs and pipes. */
export function plainScreen(output: Output, header: string): Screen {
  let nextSeconds = 0;
  output.write(`${header}\n`);
  return {
    show(moment) {
      if (moment.atSeconds < nextSeconds) return;
      nextSeconds = moment.atSeconds + 5;
      const { waiting, active, vmRunning, vmNodes, burstRunning, burstAsked, cost } = moment;
      output.write(
        `${clock(moment.atSeconds)}  queue ${waiting} waiting, ${active} in work · VM ${vmRunning} on ${vmNodes} nodes · ` +
          `burst ${burstRunning} of ${burstAsked} · cost ${money(cost)} · ` +
          `${moment.azure === undefined ? '' : `${moment.azure} · `}${moment.summary}\n`,
      );
    },
    tell: (line) => void output.write(`${line}\n`),
    end: () => {},
  };
}

function linesOf(moment: Moment, longestQueue: number, header: string, columns: number): readonly string[] {
  const width = Math.max(10, columns - 44);
  const row = (name: keyof typeof colours, value: number, full: number, text: string): string =>
    `  ${name === 'vm' ? 'VM' : name}`.padEnd(9) +
    coloured(bar(value, full, width), colours[name]) +
    `  ${text}`;
  const { waiting, active, vmRunning, vmAsked, vmNodes, burstRunning, burstAsked } = moment;
  const pending = Math.max(0, vmAsked - vmRunning);
  const most = Math.max(12, vmAsked, burstAsked, vmRunning, burstRunning);
  return [
    '',
    `${bold('  Spillway demo')}  ${clock(moment.atSeconds)}  ${dim(header)}`.slice(0, columns + 16),
    '',
    row('queue', waiting, longestQueue, `${waiting} waiting, ${active} in work, ${moment.completed} done`),
    row(
      'vm',
      vmRunning,
      most,
      `${vmRunning} on ${vmNodes} VM nodes${pending > 0 ? `, ${pending} pending` : ''}`,
    ),
    row('burst', burstRunning, most, `${burstRunning} of ${burstAsked} on the virtual node`),
    `  cost   ${money(moment.cost)} for the burst so far`,
    ...(moment.azure === undefined ? [] : [`  azure  ${moment.azure}`]),
    '',
    ...wrap(moment.summary, columns - 4).map((line) => `  ${line}`),
    '',
  ];
}

function bar(value: number, full: number, width: number): string {
  const eighths = Math.round((Math.min(value, full) / full) * width * 8);
  const part = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8] ?? '';
  return ('█'.repeat(Math.floor(eighths / 8)) + part).padEnd(width);
}

function coloured(text: string, colour: number): string {
  return `\u001b[${colour}m${text}\u001b[39m`;
}

/** `00:07`: minutes and seconds since the start. */
export function clock(atSeconds: number): string {
  const whole = Math.floor(atSeconds);
  return `${String(Math.floor(whole / 60)).padStart(2, '0')}:${String(whole % 60).padStart(2, '0')}`;
}

function money(amount: number): string {
  return amount.toFixed(4);
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}
