import { hostname } from 'node:os';

/** The name under which a worker is marked and reports: the pod's, else the worker's own, else the host's. */
export function podNameOf(given: string | undefined, workerName?: string): string {
  const names = [given, process.env['POD_NAME'], workerName];
  return names.find((name) => name !== undefined && name !== '') ?? hostname();
}
