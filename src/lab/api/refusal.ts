import type { JsonObject } from './json.ts';

/** What is wrong with one field, as `details.causes` of a Status tells it. */
export interface Cause {
  readonly field: string;
  readonly message: string;
  readonly reason?: string;
}

interface RefusalDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly Cause[];
}

/**
 * A request that is not fulfilled, with the code and reason that a real API server gives
 * (apimachinery, pkg/api/errors). These words go to clients of the lab only.
 */
export class Refusal extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: RefusalDetails | undefined;

  constructor(code: number, reason: string, message: string, details?: RefusalDetails) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  /** The Status object that the client gets. */
  status(): JsonObject {
    const { causes, ...details } = this.details ?? {};
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      reason: this.reason,
      ...(this.details === undefined
        ? {}
        : { details: { ...details, ...(causes === undefined ? {} : { causes: causes.map(causeOf) }) } }),
      code: this.code,
    };
  }
}

function causeOf({ field, message, reason = 'FieldValueInvalid' }: Cause): JsonObject {
  return { reason, message, field };
}

/** Which object or collection a refusal is about. */
export interface About {
  readonly group: string;
  /** Plural of the resource. */
  readonly plural: string;
  readonly kind: string;
}

function qualified({ group, plural }: About): string {
  return group === '' ? plural : `${plural}.${group}`;
}

/** 404: no such object. */
export function notFound(about: About, name: string): Refusal {
  return new Refusal(404, 'NotFound', `${qualified(about)} "${name}" not found`, {
    name,
    group: about.group,
    kind: about.plural,
  });
}

/** 404: no such path. */
export function noSuchPath(): Refusal {
  return new Refusal(404, 'NotFound', 'the server could not find the requested resource', {});
}

/** 409: the name is taken. */
export function alreadyExists(about: About, name: string): Refusal {
  return new Refusal(409, 'AlreadyExists', `${qualified(about)} "${name}" already exists`, {
    name,
    group: about.group,
    kind: about.plural,
  });
}

/** 409: somebody else was faster, or a precondition does not hold. */
export function conflict(about: About, name: string, why: string, causes?: readonly Cause[]): Refusal {
  return new Refusal(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(about)} "${name}": ${why}`,
    { name, group: about.group, kind: about.plural, ...(causes === undefined ? {} : { causes }) },
  );
}

/** 429: a PodDisruptionBudget forbids it for now. */
export function disrupts(message: string): Refusal {
  return new Refusal(429, 'TooManyRequests', message, {
    causes: [{ reason: 'DisruptionBudget', field: '', message }],
  });
}

/** 422: the object breaks rules. */
export function invalid(about: About, name: string, causes: readonly Cause[]): Refusal {
  const kind = about.group === '' ? about.kind : `${about.kind}.${about.group}`;
  const told = causes.map(({ field, message }) => `${field}: ${message}`);
  return new Refusal(
    422,
    'Invalid',
    `${kind} "${name}" is invalid: ${told.length === 1 ? told[0] : `[${told.join(', ')}]`}`,
    { name, group: about.group, kind: about.kind, causes },
  );
}

/** 400: the request cannot be understood. */
export function badRequest(why: string): Refusal {
  return new Refusal(400, 'BadRequest', why);
}

/** 405: nothing of that kind can be done there. */
export function methodNotAllowed(): Refusal {
  return new Refusal(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {},
  );
}

/** 415: the body has a type that is not taken there. */
export function unsupportedMediaType(given: string, taken: readonly string[]): Refusal {
  return new Refusal(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format (${given}) - accepted media types include: ${taken.join(', ')}`,
    {},
  );
}

/** 410: the version is no longer there to go on from. */
export function expired(why: string): Refusal {
  return new Refusal(410, 'Expired', why);
}
