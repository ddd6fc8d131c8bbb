import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../clock.ts';
import type { ClusterClient } from '../cluster/client.ts';
import { watchOne } from '../cluster/watch-one.ts';
import { type Authorities, authoritiesIn } from './front-proxy.ts';
import { oneAtATime } from './one-at-a-time.ts';

export interface AuthoritiesOptions {
  readonly client: ClusterClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** They are known, or are others than before. */
  readonly onChange: (authorities: Authorities) => void;
  readonly onProblem: (error: unknown) => void;
}

const collection = '/api/v1/namespaces/kube-system/configmaps';
const name = 'extension-apiserver-authentication';

/**
 * Follows whom the API server lets speak for its users, until `signal` aborts. What was read last stays: one that cannot be
 * read now is still the one that the API server goes by. Needs `get` and `watch` on that one ConfigMap.
 */
export function followAuthorities(options: AuthoritiesOptions): void {
  const { client, clock, signal, onChange, onProblem } = options;
  let known: Authorities | undefined;

  const read = async (): Promise<void> => {
    try {
      const object = (await client.request('GET', `${collection}/${name}`, { signal })) as {
        readonly data?: Readonly<Record<string, string>>;
      };
      const now = authoritiesIn(object.data);
      if (now === undefined || isDeepStrictEqual(now, known)) return;
      known = now;
      onChange(now);
    } catch (error) {
      if (!signal.aborted) onProblem(error);
    }
  };

  const look = oneAtATime(read);
  look();
  void watchOne({ client, clock, collection, name, signal, onChange: look });
}
