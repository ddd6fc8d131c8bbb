import { type ErrorCode, SpillwayError } from '../../errors.ts';

/** What a server's answer begins with or holds, and what it means. The answer itself goes no further than here. */
const answers: readonly (readonly [RegExp, ErrorCode])[] = [
  [
    /^(WRONGPASS|NOAUTH)|invalid password|AUTH <password> called|wrong number of arguments for 'auth'/i,
    'REDIS_AUTH_FAILED',
  ],
  [
    /NOPERM|has no permissions|can't run this command|can't access at least one of the keys/i,
    'REDIS_FORBIDDEN',
  ],
  [/^(LOADING|BUSY|MASTERDOWN|TRYAGAIN)|^UNBLOCKED/i, 'REDIS_NOT_READY'],
  [/CROSSSLOT|CLUSTERDOWN|^(MOVED|ASK) |non local key/i, 'REDIS_CLUSTER_UNSUPPORTED'],
];

/** Codes of node:tls and OpenSSL. */
const tlsCode = /CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_|EPROTO/;

/** The row of errors.ts for whatever a connection or a command failed with. */
export function failureCode(error: unknown): ErrorCode {
  if (error instanceof SpillwayError) return error.code;
  if (!(error instanceof Error)) return 'REDIS_UNREACHABLE';
  if (error.name === 'ReplyError') return answerCode(error.message);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return tlsCode.test(code) ? 'REDIS_TLS_FAILED' : 'REDIS_UNREACHABLE';
}

/** The row of errors.ts for an error that a server answered. */
export function answerCode(answer: string): ErrorCode {
  return answers.find(([pattern]) => pattern.test(answer))?.[1] ?? 'REDIS_FAILED';
}

/** The server became a replica, or its address may now lead to another: connect anew. */
export function isFailover(error: unknown): boolean {
  return error instanceof Error && /^(UNBLOCKED|READONLY)/.test(error.message);
}

/** A key in the call is not what the call expects. */
export function isWrongType(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('WRONGTYPE');
}
