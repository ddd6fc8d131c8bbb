import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import { type Finding, judge } from '../act/eligibility/judge.ts';
import type { VirtualPool } from '../config.ts';
import { SpillwayError } from '../errors.ts';
import { isRecord, pathText, type Segments, valueAt } from '../policy/schema-tree.ts';
import type { Manifest, Position } from './manifests.ts';

/** Something about the template of a policy's target that is not as on a VM. `--json` prints it like this. */
export interface TemplateFinding extends Position {
  readonly result: 'template';
  /** `invalid`: a request or limit is no quantity, so the template cannot be judged. */
  readonly severity: Finding['severity'] | 'invalid';
  readonly code: string;
  readonly file: string;
  /** `Deployment namespace/name`. */
  readonly object: string;
  readonly path: string;
  readonly message: string;
  readonly remedy: string;
  /** Name of the virtual pool that it is about. */
  readonly pool: string;
}

/**
 * What the Deployment that a policy names meets on the virtual pool, where it is among the manifests: what `Eligible`
 * will say, and where in the file.
 */
export function templateFindings(
  policy: unknown,
  manifests: readonly Manifest[],
  pool: VirtualPool,
): readonly TemplateFinding[] {
  const target = manifests.find(({ value }) => isTarget(value, policy));
  if (target === undefined) return [];
  const { value, file, position } = target;
  const namespace = text(value, 'metadata', 'namespace') ?? 'default';
  const name = text(value, 'metadata', 'name') ?? '';
  const about = {
    result: 'template' as const,
    file,
    object: `Deployment ${namespace}/${name}`,
    pool: pool.name,
  };
  const recreate = text(value, 'spec', 'strategy', 'type') === 'Recreate';
  try {
    const template = (valueAt(value, ['spec', 'template']) ?? {}) as V1PodTemplateSpec;
    return judge(template, pool, { kind: 'Deployment', namespace, name, recreate }).map(
      ({ severity, code, message, remedy, places: [place = []] }) => {
        const at = place.length === 0 ? ['metadata', 'name'] : ['spec', 'template', ...place];
        return { ...about, ...position(at), severity, code, path: pathText(at), message, remedy };
      },
    );
  } catch (error) {
    if (!(error instanceof SpillwayError)) throw error;
    const { code, message } = error;
    const at = ['spec', 'template'];
    return [
      { ...about, ...position(at), severity: 'invalid', code, path: pathText(at), message, remedy: '' },
    ];
  }
}

/** A finding as one line, after its place. */
export function templateLine({ path, severity, pool, message, remedy, code }: TemplateFinding): string {
  const said = remedy === '' ? message : `${message} ${remedy}`;
  return `${path}: ${meanings[severity]} ${pool}: ${said} [${code}]`;
}

const meanings: Readonly<Record<TemplateFinding['severity'], string>> = {
  refuse: 'does not burst to',
  drop: 'is left out on',
  warn: 'is different on',
  invalid: 'cannot be judged for',
};

/** Whether it is the Deployment that the policy names and of which a companion would be made. */
function isTarget(value: unknown, policy: unknown): boolean {
  return (
    text(value, 'kind') === 'Deployment' &&
    text(policy, 'spec', 'targetRef', 'kind') === 'Deployment' &&
    (text(policy, 'spec', 'burst', 'strategy') ?? 'Companion') === 'Companion' &&
    text(value, 'metadata', 'name') === text(policy, 'spec', 'targetRef', 'name') &&
    text(value, 'metadata', 'namespace') === text(policy, 'metadata', 'namespace')
  );
}

function text(value: unknown, ...at: Segments): string | undefined {
  const found = isRecord(value) ? valueAt(value, at) : undefined;
  return typeof found === 'string' ? found : undefined;
}
