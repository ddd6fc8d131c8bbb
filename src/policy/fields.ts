import { z } from 'zod';
import { durationMaxLength } from './duration.ts';
import { amountMaxLength } from './money.ts';

/**
 * The kinds of field that the schema is made of. Each takes its description, which `kubectl explain` and
 * docs/policy.md show; lengths are bounded because the API server prices a CEL rule by the longest value there can be.
 */

/** The key under which a schema node says which rules of rules.ts its kind brings along; never part of the CRD. */
export const kindKey = 'x-spillway-kind';

/** Fields and objects that obey the same rules wherever they stand. */
export type Kind = 'Duration' | 'Amount' | 'Name' | 'Redis' | 'SecretKey';

/** Metadata that marks a schema node as one of a kind. */
export function ofKind(kind: Kind): Readonly<Record<string, unknown>> {
  return { [kindKey]: kind };
}

/** A text that is not empty. */
export function text(description: string, maxLength: number) {
  return z.string().min(1).max(maxLength).describe(description);
}

/** A duration; see duration.ts. */
export function duration(description: string) {
  return z.string().max(durationMaxLength).meta(ofKind('Duration')).describe(description);
}

/** An amount of money; see money.ts. */
export function amount(description: string) {
  return z.string().max(amountMaxLength).meta(ofKind('Amount')).describe(description);
}

/** A name as Kubernetes objects have it. */
export function objectName(description: string) {
  return z.string().max(253).meta(ofKind('Name')).describe(description);
}

/** A whole number within int32, not below `atLeast`. */
export function whole(description: string, atLeast: number) {
  return z.int32().min(atLeast).meta({ format: 'int32' }).describe(description);
}

/** A count in the status. */
export function count(description: string) {
  return z.int32().min(0).meta({ format: 'int32' }).describe(description);
}

/** A count in the status that may outgrow int32, up to what a JavaScript number holds exactly. */
export function largeCount(description: string) {
  return z.int().min(0).meta({ format: 'int64' }).describe(description);
}

/** A map of so many entries at most. JSON Schema's `maxProperties` is not known to zod, hence both. */
export function map<Value extends z.ZodType>(description: string, value: Value, maxEntries: number) {
  return z
    .record(z.string(), value)
    .refine((entries) => Object.keys(entries).length <= maxEntries, {
      message: `has too many entries: write at most ${maxEntries}`,
    })
    .meta({ maxProperties: maxEntries })
    .describe(description);
}

/** A moment, RFC 3339. */
export function dateTime(description: string) {
  return z.string().max(64).meta({ format: 'date-time' }).describe(description);
}

/** Metadata of a list whose items are told apart by one of their fields. */
export function listMapBy(key: string): Readonly<Record<string, unknown>> {
  return { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [key] };
}

/** Metadata of an object that is owned as a whole in server-side apply. */
export const atomic = { 'x-kubernetes-map-type': 'atomic' } as const;
