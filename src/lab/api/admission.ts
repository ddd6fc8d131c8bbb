import { isObject, type JsonObject, listAt, objectAt, textAt, withField, without } from './json.ts';
import { admitPolicy } from './policy-admission.ts';
import { badRequest, type Cause, invalid } from './refusal.ts';
import type { Served } from './served.ts';
import { workloadCauses } from './workload-rules.ts';

/** An object that somebody wants to store. */
export interface Candidate {
  readonly served: Served;
  readonly object: JsonObject;
  /** What is stored now; undefined: the object is new. */
  readonly old: JsonObject | undefined;
  /** `fieldValidation` of the request: what becomes of unknown fields. */
  readonly fieldValidation: 'Strict' | 'Warn' | 'Ignore';
  /** Takes what the client should be told although nothing is refused. */
  readonly warn: (text: string) => void;
}

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const labelKey = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const labelValue = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

/** The object as it may be stored: with the API's defaults, without what clients do not set. Throws Refusal. */
export function admit(candidate: Candidate): JsonObject {
  const { served, object, old } = candidate;
  checkHead(served, object);
  const causes = metadataCauses(object);
  const filled = fill(candidate, causes);
  causes.push(...workloadCauses(served.plural, filled, old));
  if (causes.length > 0) throw invalid(served, textAt(object, 'metadata', 'name') ?? '', causes);
  return filled;
}

function checkHead({ resource, kind }: Served, object: JsonObject): void {
  const given = { apiVersion: textAt(object, 'apiVersion'), kind: textAt(object, 'kind') };
  if (given.apiVersion !== undefined && given.apiVersion !== resource.apiVersion) {
    throw badRequest(
      `the API version in the data (${given.apiVersion}) does not match the expected API version (${resource.apiVersion})`,
    );
  }
  if (given.kind !== undefined && given.kind !== kind) {
    throw badRequest(`the kind in the data (${given.kind}) does not match the expected kind (${kind})`);
  }
  if (object['metadata'] !== undefined && !isObject(object['metadata'])) {
    throw badRequest('metadata is no object');
  }
}

function metadataCauses(object: JsonObject): Cause[] {
  const name = textAt(object, 'metadata', 'name');
  const causes: Cause[] = [];
  if (name !== undefined && (name.length > 253 || !subdomain.test(name))) {
    causes.push({
      field: 'metadata.name',
      message: `Invalid value: "${name}": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`,
    });
  }
  for (const [key, value] of Object.entries(objectAt(object, 'metadata', 'labels'))) {
    if (typeof value !== 'string') throw badRequest(`metadata.labels.${key} is no text`);
    if (labelKey.test(key) && labelValue.test(value)) continue;
    causes.push({
      field: 'metadata.labels',
      message: `Invalid value: "${labelKey.test(key) ? value : key}"`,
    });
  }
  for (const [key, value] of Object.entries(objectAt(object, 'metadata', 'annotations'))) {
    if (typeof value !== 'string') throw badRequest(`metadata.annotations.${key} is no text`);
  }
  for (const [index, owner] of listAt(object, 'metadata', 'ownerReferences').entries()) {
    for (const field of ['apiVersion', 'kind', 'name', 'uid']) {
      if ((textAt(owner, field) ?? '') !== '') continue;
      causes.push({ field: `metadata.ownerReferences[${index}].${field}`, message: 'Required value' });
    }
  }
  return causes;
}

function fill(candidate: Candidate, causes: Cause[]): JsonObject {
  const { served, object, old, fieldValidation, warn } = candidate;
  if (served.plural === 'secrets') return withEncodedText(object);
  if (served.plural === 'pods' && old !== undefined) return withShortStay(object, old);
  if (served.plural !== 'burstpolicies') return object;
  const admitted = admitPolicy(object, old);
  const unknown = admitted.unknown.map((path) => `unknown field "${path}"`);
  if (unknown.length > 0 && fieldValidation === 'Strict') {
    throw badRequest(
      `${served.kind} in version "${served.version}" cannot be handled as a ${served.kind}: strict decoding error: ${unknown.join(', ')}`,
    );
  }
  if (fieldValidation === 'Warn') for (const each of unknown) warn(each);
  causes.push(...admitted.causes);
  return admitted.object;
}

/** Admission puts the tolerations of failing nodes back at every write (DefaultTolerationSeconds). */
function withShortStay(pod: JsonObject, old: JsonObject): JsonObject {
  const given = listAt(pod, 'spec', 'tolerations');
  const missing = listAt(old, 'spec', 'tolerations').filter((each) => {
    const key = textAt(each, 'key');
    const isDefault = key === 'node.kubernetes.io/not-ready' || key === 'node.kubernetes.io/unreachable';
    return isDefault && !given.some((other) => textAt(other, 'key') === key);
  });
  if (missing.length === 0) return pod;
  return { ...pod, spec: { ...objectAt(pod, 'spec'), tolerations: [...given, ...missing] } };
}

/** `stringData` of a Secret is a way to write `data`, and is never read back. */
function withEncodedText(secret: JsonObject): JsonObject {
  const texts = Object.entries(objectAt(secret, 'stringData')).map(
    ([key, value]) => [key, Buffer.from(String(value)).toString('base64')] as const,
  );
  const data = { ...objectAt(secret, 'data'), ...Object.fromEntries(texts) };
  return {
    ...withField(without(secret, 'stringData'), 'data', Object.keys(data).length === 0 ? undefined : data),
    type: secret['type'] ?? 'Opaque',
  };
}
