/**
 * Every error that a user can meet, in one table: a code to search for and a sentence that says what to do.
 * `{name}` is filled from the details. Sentences never carry text that a server answered, nor a URL with its password.
 */
export const errorTable = {
  CONFIG_INVALID: 'The configuration {file} is not valid: {problem}. Mend it and start again.',
} as const;

export type ErrorCode = keyof typeof errorTable;

/** An error of the table. `details` fill the sentence; `cause` keeps what was caught, for the log alone. */
export class SpillwayError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, details: Readonly<Record<string, string | number>> = {}, cause?: unknown) {
    super(sentence(code, details), cause === undefined ? {} : { cause });
    this.name = 'SpillwayError';
    this.code = code;
  }
}

/** The sentence of a code with its details filled in. */
export function sentence(code: ErrorCode, details: Readonly<Record<string, string | number>> = {}): string {
  return errorTable[code].replaceAll(/\{(\w+)\}/g, (_, name: string) => String(details[name] ?? `{${name}}`));
}
