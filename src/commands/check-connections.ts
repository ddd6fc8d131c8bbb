import { sentence } from '../errors.ts';
import { nearest } from '../policy/nearest.ts';
import { type Problem, problem } from '../policy/problem.ts';
import { isRecord, type Segments, valueAt } from '../policy/schema-tree.ts';

/** The sources of a valid policy that name a Prometheus connection which the configuration does not have. */
export function unknownConnections(policy: unknown, connections: readonly string[]): readonly Problem[] {
  const list: Segments = ['spec', 'scaling', 'sources'];
  const sources = valueAt(policy, list);
  return (Array.isArray(sources) ? sources : []).flatMap((source: unknown, index) => {
    const query = isRecord(source) ? source['prometheus'] : undefined;
    const named = isRecord(query) ? query['connection'] : undefined;
    if (typeof named !== 'string' || connections.includes(named)) return [];
    const meant = nearest(named, connections);
    const hint = meant === undefined ? '' : ` Did you mean ${meant}?`;
    const told = sentence('PROMETHEUS_CONNECTION_UNKNOWN', { prometheus: named });
    return [problem([...list, index, 'prometheus', 'connection'], `${told}${hint}`)];
  });
}
