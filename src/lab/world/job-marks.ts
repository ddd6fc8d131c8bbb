/** What is noted on a job besides its arrival, in one number: failed attempts, times stalled, whether it has ever started. */
const oneAttempt = 1;
const oneStall = 1 << 8;
const startedBit = 1 << 16;

export const fresh = 0;

export function attemptsOf(marks: number): number {
  return marks & 255;
}

export function stallsOf(marks: number): number {
  return (marks >>> 8) & 255;
}

export function hasStarted(marks: number): boolean {
  return (marks & startedBit) !== 0;
}

export function started(marks: number): number {
  return marks | startedBit;
}

export function failedOnce(marks: number): number {
  return marks + oneAttempt;
}

export function stalledOnce(marks: number): number {
  return marks + oneStall;
}
