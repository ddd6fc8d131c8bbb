/** How something stands: `skipped` could not be looked at, or is not there to be looked at. */
export type State = 'ok' | 'warn' | 'fail' | 'skipped';

/** One line of the checklist. `--json` prints a list of them. */
export interface Finding {
  /** What was looked at, for machines: `virtual-node.taints`. */
  readonly id: string;
  /** The heading that it stands under: `Cluster`, `Policy media/thumbnails`. */
  readonly group: string;
  readonly state: State;
  /** What is so. */
  readonly sentence: string;
  /** What to do about it: sentences, or commands line by line; undefined: nothing. */
  readonly remedy: string | undefined;
}

/** A finding whose heading is that of the check which made it. */
export type Found = Omit<Finding, 'group'>;

export function ok(id: string, sentence: string): Found {
  return { id, state: 'ok', sentence, remedy: undefined };
}

export function warn(id: string, sentence: string, remedy: string): Found {
  return { id, state: 'warn', sentence, remedy };
}

export function fail(id: string, sentence: string, remedy: string): Found {
  return { id, state: 'fail', sentence, remedy };
}

export function skipped(id: string, sentence: string, remedy?: string): Found {
  return { id, state: 'skipped', sentence, remedy };
}
