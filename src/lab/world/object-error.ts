/** Reasons of Kubernetes' `Status` objects that the store answers with, and their HTTP codes (apimachinery, meta/v1 types). */
const codes = {
  NotFound: 404,
  AlreadyExists: 409,
  Conflict: 409,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
} as const;

export type ObjectErrorReason = keyof typeof codes;

/** A refused read or write. `message` is worded as the API server words it. */
export class ObjectError extends Error {
  readonly reason: ObjectErrorReason;
  /** HTTP status. */
  readonly code: number;
  readonly resource: string;
  readonly objectName: string;

  constructor(reason: ObjectErrorReason, resource: string, objectName: string, message: string) {
    super(message);
    this.name = 'ObjectError';
    this.reason = reason;
    this.code = codes[reason];
    this.resource = resource;
    this.objectName = objectName;
  }
}

export function notFound(resource: string, name: string): ObjectError {
  return new ObjectError('NotFound', resource, name, `${resource} "${name}" not found`);
}

export function alreadyExists(resource: string, name: string): ObjectError {
  return new ObjectError('AlreadyExists', resource, name, `${resource} "${name}" already exists`);
}

export function conflict(resource: string, name: string, why: string): ObjectError {
  return new ObjectError(
    'Conflict',
    resource,
    name,
    `Operation cannot be fulfilled on ${resource} "${name}": ${why}`,
  );
}

export function invalid(resource: string, name: string, why: string): ObjectError {
  return new ObjectError('Invalid', resource, name, `${resource} "${name}" is invalid: ${why}`);
}
