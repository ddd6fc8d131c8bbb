/** A dashboard in the few words that ours need; json.ts makes Grafana's JSON of it. */
export interface Dashboard {
  /** Never changes: links and bookmarks hold on to it. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Variable[];
  readonly rows: readonly Row[];
}

/** A label to choose by, as `$name` in queries. The data source is chosen by a variable that every dashboard has. */
export interface Variable {
  readonly name: string;
  readonly label: string;
  /** A metric with its conditions whose values of the label of this name are offered. */
  readonly metric: string;
  /** Whether several or all values can be chosen. */
  readonly several: boolean;
}

export interface Row {
  readonly title: string;
  readonly collapsed?: boolean;
  readonly panels: readonly Panel[];
}

export interface Panel {
  readonly title: string;
  /** One or two sentences: what is shown, and what is normal. */
  readonly description: string;
  readonly kind: 'stat' | 'timeseries' | 'state-timeline';
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** From which value on which color; below the first it is green. Left out: no value is better than another. */
  readonly thresholds?: readonly Threshold[];
  /** Lines are added up. */
  readonly stacked?: boolean;
  /** Its lines are policies: a click on one opens the policy's dashboard. */
  readonly ofPolicies?: boolean;
  /** Words in place of values. */
  readonly words?: Readonly<Record<string, string>>;
  /** Columns of 24. Left out: 4 of a stat, 12 of everything else. */
  readonly width?: number;
}

export interface Threshold {
  readonly from: number;
  readonly color: 'green' | 'orange' | 'red';
}

export interface Query {
  readonly expr: string;
  /** Name of each line, with labels as `{{policy}}`. */
  readonly legend: string;
}

/** Units as Grafana calls them: numbers, seconds, shares of 1, jobs and calls per second. Money has no unit of ours. */
export type Unit = 'short' | 's' | 'percentunit' | 'cps' | 'reqps';
