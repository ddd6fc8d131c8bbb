import process from 'node:process';
import { type LogFn, type Logger as PinoLogger, pino, stdTimeFunctions } from 'pino';
import { prettyLine } from './log-line.ts';
import { loggedError, redact } from './redact.ts';

/** A structured logger: `log.info({ policy, replicas }, 'Companion scaled')`. One line per thing that happened. */
export type Logger = PinoLogger;

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LogOptions {
  /** What is less than this is not written. */
  readonly level: LogLevel;
  /** For a person at a terminal instead of one JSON object a line. */
  readonly pretty: boolean;
  /** Where lines go; the process's standard output when left out. */
  readonly destination?: { write(text: string): unknown };
}

/**
 * Makes a logger. Whatever is handed to it, the user part of a URL is masked in the finished line, so that a
 * password cannot get out through a field nobody thought of; errors (`{ err }`) lose what a server answered.
 */
export function createLogger({ level, pretty, destination = process.stdout }: LogOptions): Logger {
  const stream = {
    write(line: string): void {
      const safe = redact(line);
      destination.write(pretty ? prettyLine(safe) : safe);
    },
  };
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      messageKey: 'message',
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: loggedError },
      redact: { paths: secretPaths, censor: '***' },
      hooks: { logMethod: withoutErrorMessage },
    },
    stream,
  );
}

const secretNames = ['password', 'token', 'authorization'];
const secretPaths = secretNames.flatMap((name) => [name, `*.${name}`]);

/** pino takes the message of an error as the line's when there is none, and with it what a server answered. */
function withoutErrorMessage(this: PinoLogger, args: Parameters<LogFn>, method: LogFn): void {
  const [first, message = 'Error', ...rest]: readonly unknown[] = args;
  const fields: unknown = first instanceof Error ? { err: first } : first;
  const named = typeof fields === 'object' && fields !== null && 'err' in fields;
  if (named) Reflect.apply(method, this, [fields, message, ...rest]);
  else Reflect.apply(method, this, args);
}
