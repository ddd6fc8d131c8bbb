import type { KubeObject } from '../world/kube.ts';
import type { Body } from './body.ts';
import type { JsonObject } from './json.ts';
import type { Place } from './path.ts';

/** One write, as the request has it. */
export interface WriteRequest {
  readonly place: Place;
  readonly query: URLSearchParams;
  readonly body: Body;
  /** Who writes where the query names no `fieldManager`. */
  readonly userAgent: string;
  /** Takes what the client should be told although nothing is refused. */
  readonly warn: (text: string) => void;
}

/** What a write is answered with. */
export interface Written {
  readonly code: 200 | 201;
  /** Undefined for answers that are no object of the resource. */
  readonly stored?: KubeObject;
  readonly answer?: JsonObject;
}

/** What the client wants to become of unknown fields; by default it is warned of them. */
export function fieldValidationIn(query: URLSearchParams): 'Strict' | 'Warn' | 'Ignore' {
  const asked = query.get('fieldValidation');
  return asked === 'Strict' || asked === 'Ignore' ? asked : 'Warn';
}
