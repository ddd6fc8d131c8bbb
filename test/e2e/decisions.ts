import type { LogLine } from './controller-process.ts';

/** A write that a controller says it has made, with the decision behind it. */
export interface LoggedWrite {
  readonly atMs: number;
  readonly write: 'ScaleTarget' | 'CreateCompanion' | 'ScaleCompanion' | 'MendCompanion' | 'DeleteCompanion';
  readonly object: string;
  readonly from: number | undefined;
  readonly to: number | undefined;
  /** Demand of the decision. */
  readonly demand: number;
  readonly decision: string;
  readonly summary: string;
}

/** The writes in the log of a controller, oldest first. */
export function loggedWrites(log: readonly LogLine[], policy: string): readonly LoggedWrite[] {
  return log
    .filter((line) => line['policy'] === policy && line['write'] !== undefined && line.level === 'info')
    .map((line) => ({
      ...(line as unknown as Omit<LoggedWrite, 'atMs' | 'summary'>),
      atMs: Date.parse(String(line['time'])),
      summary: line.message,
    }));
}

/** Replicas by which a write raises the burst, or gives it back (negative). */
export function burstChange({ write, from = 0, to = 0 }: LoggedWrite): number {
  return write === 'CreateCompanion' || write === 'ScaleCompanion' ? to - from : 0;
}
