import { type JsonObject, textAt } from './json.ts';
import { badRequest } from './refusal.ts';

/** What a field of a message holds; of a map, its values. */
export type FieldType =
  | { readonly kind: 'text' | 'integer' | 'boolean' | 'base64' }
  | { readonly kind: 'texts' }
  /** Set by the server: whatever it holds is not read. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'map'; readonly of: 'text' | 'base64' }
  | { readonly kind: 'message'; readonly of: Message };

/** The fields of a message, by their numbers. */
export type Message = Readonly<Record<number, readonly [name: string, type: FieldType]>>;

/** A field that nobody knows here holds something: the object would lose it. */
export class UnknownField extends Error {
  override readonly name = 'UnknownField';
}

/** One field as it is on the wire: a number or a piece of bytes (protobuf.dev/programming-guides/encoding). */
interface WireField {
  readonly number: number;
  readonly value: number | Uint8Array;
}

/** Reads a message as the JSON that it stands for. Throws Refusal (400) for broken bytes, UnknownField. */
export function readMessage(bytes: Uint8Array, message: Message): JsonObject {
  const object: Record<string, unknown> = {};
  for (const { number, value } of wireFields(bytes)) {
    const [name, type] = message[number] ?? [];
    if (name === undefined || type === undefined) {
      if (value === 0 || (typeof value !== 'number' && value.length === 0)) continue;
      throw new UnknownField(`field ${number}`);
    }
    if (type.kind === 'nothing') continue;
    const read = readValue(value, type, object[name]);
    if (read !== '') object[name] = read;
  }
  return object;
}

function readValue(value: number | Uint8Array, type: FieldType, before: unknown): unknown {
  if (typeof value === 'number') return type.kind === 'boolean' ? value !== 0 : value;
  if (type.kind === 'message') return readMessage(value, type.of);
  if (type.kind === 'map') {
    const entry = readMessage(value, { 1: ['key', { kind: 'text' }], 2: ['value', { kind: type.of }] });
    return { ...(before as JsonObject | undefined), [textAt(entry, 'key') ?? '']: entry['value'] ?? '' };
  }
  if (type.kind === 'base64') return Buffer.from(value).toString('base64');
  const text = Buffer.from(value).toString('utf8');
  return type.kind === 'texts' ? [...((before as readonly string[] | undefined) ?? []), text] : text;
}

function* wireFields(bytes: Uint8Array): Generator<WireField> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at];
      if (byte === undefined) throw badRequest('the body of the request is cut short');
      at += 1;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const wireType = tag & 7;
    const number = Math.floor(tag / 8);
    if (wireType === 0) {
      yield { number, value: varint() };
    } else if (wireType === 2) {
      const end = varint() + at;
      if (end > bytes.length) throw badRequest('the body of the request is cut short');
      yield { number, value: bytes.subarray(at, end) };
      at = end;
    } else throw badRequest('the body of the request is no message of Kubernetes');
  }
}
