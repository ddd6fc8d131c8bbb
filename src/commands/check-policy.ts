import type { VirtualPool } from '../config.ts';
import type { Problem } from '../policy/problem.ts';
import { validatePolicy } from '../policy/validate.ts';
import { unknownConnections } from './check-connections.ts';
import { objectOf, type TemplateFinding, templateFindings } from './check-eligibility.ts';
import { type Target, targetsOf } from './check-targets.ts';
import { policyWarnings } from './check-warnings.ts';
import type { Manifest } from './manifests.ts';

/** What policies are held against, beside their own rules. */
export interface Surroundings {
  readonly manifests: readonly Manifest[];
  /** For which virtual pool targets are judged; undefined: none. */
  readonly pool: VirtualPool | undefined;
  /** Names of the Prometheus connections that there are; undefined: not known. */
  readonly connections: readonly string[] | undefined;
  /** Whether some virtual pool has a price; undefined: not known. */
  readonly priced: boolean | undefined;
}

/** What was found about one policy. With problems, nothing else was looked for. */
export interface CheckedPolicy {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** Its targets among the manifests, each with what it meets on the virtual pool. */
  readonly targets: readonly JudgedTarget[];
  /** Why it will not burst, as a sentence; undefined: nothing is known against it. */
  readonly refusal: string | undefined;
}

/** A workload and what it meets on the virtual pool. */
export interface JudgedTarget {
  readonly target: Target;
  readonly findings: readonly TemplateFinding[];
}

/** Holds a policy against its rules, the configuration and its targets. */
export function checkPolicy(value: unknown, around: Surroundings): CheckedPolicy {
  const { manifests, pool, connections, priced } = around;
  const broken = validatePolicy(value);
  const problems =
    broken.length > 0 || connections === undefined ? broken : unknownConnections(value, connections);
  if (problems.length > 0) return { problems, warnings: [], targets: [], refusal: undefined };
  const targets =
    pool === undefined
      ? []
      : targetsOf(value, manifests).map((target) => ({
          target,
          findings: templateFindings(value, target, pool),
        }));
  return { problems, warnings: policyWarnings(value, priced), targets, refusal: refusalOf(targets) };
}

/** Whether the finding keeps the target from bursting. */
function isRefusal({ severity }: TemplateFinding): boolean {
  return severity === 'refuse' || severity === 'invalid';
}

function refusalOf(targets: readonly JudgedTarget[]): string | undefined {
  const refused = targets
    .map(({ target, findings }) => ({ target, codes: codesOf(findings.filter(isRefusal)) }))
    .filter(({ codes }) => codes !== '');
  if (refused.length === 0) return undefined;
  const list = refused.map(({ target, codes }) => `${objectOf(target)} (${codes})`).join(', ');
  return refused.length === targets.length
    ? `this policy will not burst: ${list}`
    : `this policy will not burst all of its targets: ${list}`;
}

function codesOf(findings: readonly TemplateFinding[]): string {
  return [...new Set(findings.map(({ code }) => code))].join(', ');
}
