import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import { type Finding as Judgement, judge } from '../../../act/eligibility/judge.ts';
import { refusalOfRescue } from '../../../act/rescue-eligibility.ts';
import { shapeOf } from '../../../cluster/pod-shape.ts';
import { Interner } from '../../../cluster/intern.ts';
import { ownClassOf } from '../../../cluster/slim-node.ts';
import { poolOf } from '../../../cluster/virtual-nodes.ts';
import { SpillwayError } from '../../../errors.ts';
import { pathText } from '../../../policy/schema-tree.ts';
import { type Found, fail, ok, skipped, warn } from '../finding.ts';
import type { LookedPolicy, PolicyCheck } from '../look.ts';

const id = 'policy.eligible';

/** What of the target's template is not on the virtual node as it is on a VM. */
export const checkEligible: PolicyCheck = async (about) => {
  const { target, look } = about;
  const { pool } = look;
  if (target === undefined || target.template.spec === undefined) {
    return [skipped(id, 'There is no pod template to judge.')];
  }
  if (pool === undefined) return [skipped(id, 'No virtual pool is configured to judge the template for.')];
  try {
    return about.policy.burst.strategy === 'Rescue' ? rescued(about, pool) : cloned(about, pool);
  } catch (error) {
    if (!(error instanceof SpillwayError)) throw error;
    return [fail(id, 'The template cannot be judged.', error.message)];
  }
};

type Pool = NonNullable<LookedPolicy['look']['pool']>;

function cloned({ target, policy }: LookedPolicy, pool: Pool): readonly Found[] {
  const { workload, template } = target ?? {};
  const whose =
    workload === undefined
      ? undefined
      : {
          kind: workload.kind,
          namespace: policy.namespace,
          name: workload.name,
          recreate: workload.recreate,
        };
  const found = judge(template as unknown as V1PodTemplateSpec, pool, whose);
  const refused = found.some(({ severity }) => severity === 'refuse');
  return [
    ...(refused ? [] : [ok(id, `The template can run on the virtual pool ${pool.name}.`)]),
    ...found.map((each) => told(each, pool)),
  ];
}

function told(finding: Judgement, pool: Pool): Found {
  const { code, severity, message, remedy, places } = finding;
  const [place = []] = places;
  const where = place.length === 0 ? '' : ` At spec.template.${pathText(place)}.`;
  const name = `${id}.${code}`;
  switch (severity) {
    case 'refuse':
      return fail(name, `It does not burst to ${pool.name}: ${message}${where}`, remedy);
    case 'warn':
      return warn(name, `It is different on ${pool.name}: ${message}${where}`, remedy);
    case 'drop':
      return ok(name, `It is left out on ${pool.name}: ${message}${where}`);
  }
}

/** Of pods that are let on as they are nothing can be left out. */
function rescued({ target, look }: LookedPolicy, pool: Pool): readonly Found[] {
  const { spec, metadata } = (target?.template ?? {}) as unknown as V1PodTemplateSpec;
  if (spec === undefined) return [];
  const nodes = [...look.store.nodes.values()]
    .filter((node) => poolOf(node, look.config.virtualPools)?.name === pool.name)
    .map(ownClassOf);
  const shape = shapeOf(target?.template.spec ?? {}, metadata?.labels ?? {}, new Interner());
  const refusal = refusalOfRescue({ spec, shape }, pool, nodes);
  return refusal === undefined
    ? [ok(id, `Its pods can be let onto the virtual pool ${pool.name}.`)]
    : [fail(`${id}.${refusal.code}`, `Its pods cannot be let onto ${pool.name}.`, refusal.message)];
}
