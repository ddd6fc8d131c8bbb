import { type JsonObject, objectAt } from './json.ts';
import { type FieldType, type Message, readMessage, UnknownField } from './protobuf.ts';
import { badRequest, unsupportedMediaType } from './refusal.ts';

const text: FieldType = { kind: 'text' };
const integer: FieldType = { kind: 'integer' };
const boolean: FieldType = { kind: 'boolean' };
const message = (of: Message): FieldType => ({ kind: 'message', of });

/** Numbers of the fields: k8s.io/apimachinery/pkg/apis/meta/v1/generated.proto. */
const metadata: Message = {
  1: ['name', text],
  2: ['generateName', text],
  3: ['namespace', text],
  5: ['uid', text],
  6: ['resourceVersion', text],
  8: ['creationTimestamp', { kind: 'nothing' }],
  11: ['labels', { kind: 'map', of: 'text' }],
  12: ['annotations', { kind: 'map', of: 'text' }],
  14: ['finalizers', { kind: 'texts' }],
};

const deleteOptions: Message = {
  1: ['gracePeriodSeconds', integer],
  2: ['preconditions', message({ 1: ['uid', text], 2: ['resourceVersion', text] })],
  4: ['propagationPolicy', text],
  5: ['dryRun', { kind: 'texts' }],
};

/** Kinds that `kubectl create` sends as protobuf, and the bodies of deletions (k8s.io/api/core/v1/generated.proto). */
const kinds: Readonly<Record<string, Message>> = {
  Namespace: {
    1: ['metadata', message(metadata)],
    2: ['spec', message({ 1: ['finalizers', { kind: 'texts' }] })],
    3: ['status', { kind: 'nothing' }],
  },
  Secret: {
    1: ['metadata', message(metadata)],
    2: ['data', { kind: 'map', of: 'base64' }],
    3: ['type', text],
    4: ['stringData', { kind: 'map', of: 'text' }],
    5: ['immutable', boolean],
  },
  ConfigMap: {
    1: ['metadata', message(metadata)],
    2: ['data', { kind: 'map', of: 'text' }],
    3: ['binaryData', { kind: 'map', of: 'base64' }],
    4: ['immutable', boolean],
  },
  ServiceAccount: { 1: ['metadata', message(metadata)] },
  Eviction: { 1: ['metadata', message(metadata)], 2: ['deleteOptions', message(deleteOptions)] },
  DeleteOptions: deleteOptions,
};

/** The type of a body in the encoding that Go's typed clients prefer. */
export const protobufType = 'application/vnd.kubernetes.protobuf';

const magic = Buffer.from('k8s\0');
const envelope: Message = {
  1: ['typeMeta', message({ 1: ['apiVersion', text], 2: ['kind', text] })],
  2: ['raw', { kind: 'base64' }],
};

/**
 * The object in a protobuf body: apimachinery's envelope (runtime.Unknown) around one of a few small kinds. Throws
 * Refusal: 415 for other kinds and for fields that are not known here, 400 for broken bytes.
 */
export function objectInProtobuf(bytes: Uint8Array): JsonObject {
  if (!magic.equals(bytes.subarray(0, magic.length)))
    throw badRequest('the body of the request has no prefix');
  try {
    const { raw, typeMeta } = readMessage(bytes.subarray(magic.length), envelope);
    const { apiVersion, kind } = objectAt({ typeMeta }, 'typeMeta');
    const known = typeof kind === 'string' && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
    if (known === undefined) throw new UnknownField('kind');
    const body = Buffer.from(typeof raw === 'string' ? raw : '', 'base64');
    return { apiVersion, kind, ...readMessage(body, known) };
  } catch (error) {
    if (!(error instanceof UnknownField)) throw error;
    throw unsupportedMediaType(protobufType, ['application/json', 'application/yaml']);
  }
}
