import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../clock.ts';
import type { Secrets } from '../../cluster/secrets.ts';
import { SpillwayError } from '../../errors.ts';
import { oneAtATime } from '../one-at-a-time.ts';
import { type Certificate, certificateIn, certificateKeys } from './certificate.ts';

export interface FollowOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** There is one, or another than before. One that cannot be read or is broken leaves the last one in place. */
  readonly onChange: (certificate: Certificate) => void;
  readonly onProblem: (error: unknown) => void;
}

/** A mounted Secret changes at most once a minute (kubelet's sync), so this is soon enough. */
const filesEveryMs = 10_000;

/** Follows the files `tls.crt`, `tls.key` and, if it is there, `ca.crt` of a folder. */
export function followFiles(folder: string, options: FollowOptions): void {
  const look = follower(options, () => filesIn(folder));
  const again = (): void => {
    look();
    if (options.signal.aborted) return;
    const callOff = options.clock.after(filesEveryMs, () => {
      options.signal.removeEventListener('abort', callOff);
      again();
    });
    options.signal.addEventListener('abort', callOff, { once: true });
  };
  again();
}

/** Follows a Secret of type kubernetes.io/tls. Needs `get` and `watch` on it. */
export function followSecret(
  secrets: Secrets,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  options: FollowOptions,
): void {
  const { signal } = options;
  const look = follower(options, async () =>
    certificateIn(await secrets.read(namespace, name, signal), `Secret ${namespace}/${name}`),
  );
  const stop = secrets.watch(namespace, name, look);
  signal.addEventListener('abort', stop, { once: true });
  look();
}

/** The certificate of a folder. Throws EXTERNAL_METRICS_CERTIFICATE_INVALID. */
export async function filesIn(folder: string): Promise<Certificate> {
  const texts = await Promise.all(
    certificateKeys.map(async (name) => {
      try {
        return [[name, await readFile(join(folder, name), 'utf8')] as const];
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
        const problem = `${name} cannot be read`;
        throw new SpillwayError('EXTERNAL_METRICS_CERTIFICATE_INVALID', { where: folder, problem }, error);
      }
    }),
  );
  return certificateIn(Object.fromEntries(texts.flat()), folder);
}

function follower(
  { signal, onChange, onProblem }: FollowOptions,
  read: () => Promise<Certificate>,
): () => void {
  let known: Certificate | undefined;
  return oneAtATime(async () => {
    try {
      const now = await read();
      if (signal.aborted || isDeepStrictEqual(now, known)) return;
      known = now;
      onChange(now);
    } catch (error) {
      if (!signal.aborted) onProblem(error);
    }
  });
}
