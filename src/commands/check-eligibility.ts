import type { V1PodSpec } from '@kubernetes/client-node';
import { type Finding, judge, judgePod } from '../act/eligibility/judge.ts';
import { type RescueCode, refusalsOfPlace } from '../act/rescue-eligibility.ts';
import { Interner } from '../cluster/intern.ts';
import { shapeOf } from '../cluster/pod-shape.ts';
import type { VirtualPool } from '../config.ts';
import { SpillwayError } from '../errors.ts';
import { pathText, type Segments } from '../policy/schema-tree.ts';
import { placeIn, type Target, textAt } from './check-targets.ts';
import type { Position } from './manifests.ts';

/** Something about the template of a policy's target that is not as on a VM. `--json` prints it like this. */
export interface TemplateFinding extends Position {
  readonly result: 'template';
  /** `invalid`: a request or limit is no quantity, or a field of another type, so the template cannot be judged. */
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

type Told = Pick<TemplateFinding, 'severity' | 'code' | 'message' | 'remedy'> & { readonly at: Segments };

/** What a target of the policy meets on the virtual pool: what `Eligible` will say, and where in the file. */
export function templateFindings(
  policy: unknown,
  target: Target,
  pool: VirtualPool,
): readonly TemplateFinding[] {
  const { manifest } = target;
  const about = {
    result: 'template' as const,
    file: manifest.file,
    object: objectOf(target),
    pool: pool.name,
  };
  return judged(policy, target, pool).map(({ at, ...told }) => ({
    ...about,
    ...manifest.position(at),
    ...told,
    path: pathText(at),
  }));
}

/** `Deployment namespace/name`. */
export function objectOf({ kind, namespace, name }: Target): string {
  return `${kind} ${namespace}/${name}`;
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

function judged(policy: unknown, target: Target, pool: VirtualPool): readonly Told[] {
  try {
    return textAt(policy, 'spec', 'burst', 'strategy') === 'Rescue'
      ? ofPods(target, pool)
      : ofClone(target, pool);
  } catch (error) {
    return [{ severity: 'invalid', ...broken(error), remedy: '', at: target.at }];
  }
}

/** A template may hold anything: what is no list where one belongs is found by walking it. */
function broken(error: unknown): { readonly code: string; readonly message: string } {
  const known = error instanceof TypeError ? new SpillwayError('CHECK_TEMPLATE_BROKEN', {}, error) : error;
  if (!(known instanceof SpillwayError)) throw error;
  return { code: known.code, message: known.message };
}

/** Of a companion's template, out of which parts may be left. */
function ofClone(target: Target, pool: VirtualPool): readonly Told[] {
  const { kind, namespace, name, template, manifest } = target;
  const recreate = textAt(manifest.value, 'spec', 'strategy', 'type') === 'Recreate';
  return told(target, judge(template, pool, { kind, namespace, name, recreate }));
}

/** Of pods that are let on as they are. */
function ofPods(target: Target, pool: VirtualPool): readonly Told[] {
  const { template } = target;
  const { spec, metadata } = template;
  if (spec === undefined) return [];
  const shape = shapeOf(spec, metadata?.labels ?? {}, new Interner());
  const unplaced = refusalsOfPlace({ spec, shape }, pool, [nodeOf(pool)]);
  const codes = new Set<string>(unplaced.map(({ code }) => code));
  // Refused already: that it is different there as well says nothing more.
  const met = judgePod(template, pool).filter(
    ({ code }) => code !== 'TEMPLATE_HOST_PORT' || !codes.has('RESCUE_HOST_PORT'),
  );
  const places = unplaced.map(({ code, message }) => ({
    severity: 'refuse' as const,
    code,
    message,
    remedy: code === 'RESCUE_SELECTOR' ? poolRemedy : '',
    at: placeIn(target, wishes[code](spec)),
  }));
  return [...told(target, met), ...places];
}

const poolRemedy =
  'If its nodes do carry such labels, name them in nodeSelector of the pool, in the file that --config names.';

/** Where in a template a wish stands. */
const wishes: Readonly<Record<RescueCode, (spec: V1PodSpec) => Segments>> = {
  RESCUE_HOST_PORT: ({ hostNetwork }) =>
    hostNetwork === true ? ['spec', 'hostNetwork'] : ['spec', 'containers'],
  RESCUE_SPREAD: () => ['spec', 'topologySpreadConstraints'],
  RESCUE_EXCLUSIVE: () => ['spec', 'affinity', 'podAntiAffinity'],
  RESCUE_SELECTOR: ({ nodeSelector }) =>
    nodeSelector === undefined ? ['spec', 'affinity', 'nodeAffinity'] : ['spec', 'nodeSelector'],
};

/**
 * A virtual node as far as the configuration knows it, with the labels that virtual-kubelet gives each. Of Linux:
 * another system has a rule of its own.
 */
function nodeOf({ nodeSelector }: VirtualPool) {
  const usual = {
    type: 'virtual-kubelet',
    'kubernetes.io/role': 'agent',
    'kubernetes.io/os': 'linux',
    'beta.kubernetes.io/os': 'linux',
  };
  return { labels: { ...usual, ...nodeSelector }, taints: [] };
}

function told(target: Target, findings: readonly Finding[]): readonly Told[] {
  return findings.map(({ severity, code, message, remedy, places: [place = []] }) => ({
    severity,
    code,
    message,
    remedy,
    at: placeIn(target, place),
  }));
}
