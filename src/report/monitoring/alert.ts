/** An alerting rule. Its texts are templates of Prometheus: `{{ $labels.policy }}`, `{{ $value }}`. */
export interface Alert {
  readonly name: `Spillway${string}`;
  readonly expr: string;
  /** How long it has to hold before it fires, such as `5m`. */
  readonly after: `${number}m`;
  /** `critical`: bursts do not work, look now. `warning`: look today. */
  readonly severity: 'critical' | 'warning';
  /** One line, without a full stop. */
  readonly summary: string;
  /** What it means here, with its number. */
  readonly description: string;
}

/** Where an alert is explained, from the root of the repository; the anchor is the one of its heading. */
export function runbookOf({ name }: Alert): string {
  return `docs/alerts.md#${name.toLowerCase()}`;
}
