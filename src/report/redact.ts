const mask = '***';

// The user part may hold anything but white space: up to the last "@", so that a password with "/" or "@" goes too.
const userInfo = /\b([a-z][a-z0-9+.-]*:\/\/)(?:\\.|[^\s"\\])*@/gi;
// ioredis also takes the password from the query of a URL.
const secretParameter = /([?&](?:username|password|token)=)[^\s"&#\\]*/gi;

/** The text with the user part of every URL (`redis://user:password@host`) and secret query parameters masked. */
export function redact(text: string): string {
  return text.replaceAll(userInfo, `$1${mask}@`).replaceAll(secretParameter, `$1${mask}`);
}

/** An error as it may be logged. */
export interface LoggedError {
  readonly type: string;
  readonly code: string | number | undefined;
  readonly message: string | undefined;
  readonly stack: string | undefined;
  readonly cause: LoggedError | undefined;
}

/**
 * An error without anything that a server answered or that was sent to it: Redis reply errors carry the command with
 * its arguments (AUTH included), the Kubernetes client's carry body and headers. Of those only type, code and
 * stack frames stay.
 */
export function loggedError(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error)) {
    return { type: typeof error, code: undefined, message: undefined, stack: undefined, cause: undefined };
  }
  return {
    type: error.name,
    code: codeOf(error),
    message: fromServer(error) ? undefined : error.message,
    stack: framesOf(error.stack),
    cause: error.cause === undefined || depth >= 4 ? undefined : loggedError(error.cause, depth + 1),
  };
}

function fromServer(error: Error): boolean {
  return error.name === 'ReplyError' || 'body' in error || 'headers' in error || 'command' in error;
}

function codeOf(error: Error): string | number | undefined {
  // Redis puts its code in front of the answer: NOAUTH, WRONGTYPE.
  if (error.name === 'ReplyError') return /^[A-Z]{2,20}\b/.exec(error.message)?.[0];
  const code: unknown = 'code' in error ? error.code : 'statusCode' in error ? error.statusCode : undefined;
  return typeof code === 'string' || typeof code === 'number' ? code : undefined;
}

function framesOf(stack: string | undefined): string | undefined {
  const frames = stack?.split('\n').filter((line) => /^\s+at /.test(line));
  return frames?.map((line) => line.trim()).join('\n');
}
