/** A line of JSON as pino wrote it, for a person: `12:03:59.120 WARN  Watch restarted  resource=pods`. */
export function prettyLine(line: string): string {
  const fields = parse(line);
  if (fields === undefined) return line;
  const { time, level, message, err, ...rest } = fields;
  const clock = typeof time === 'string' ? time.slice(11, 23) : '';
  const name = typeof level === 'string' ? level.toUpperCase().padEnd(5) : '';
  const told = [clock, name, typeof message === 'string' ? message : ''].join(' ').trimEnd();
  const pairs = Object.entries(rest).map(([key, value]) => `${key}=${word(value)}`);
  return `${[told, ...pairs].join('  ')}${errorLines(err, '  ')}\n`;
}

function errorLines(error: unknown, indent: string): string {
  if (!isRecord(error)) return '';
  const head = [error.type, error.code, error.message].filter((part) => part !== undefined).map(word);
  const stack = typeof error.stack === 'string' ? error.stack.split('\n') : [];
  const lines = [head.join(' '), ...stack.map((frame) => `  ${frame}`)];
  return lines.map((text) => `\n${indent}${text}`).join('') + errorLines(error.cause, `${indent}  `);
}

function word(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
