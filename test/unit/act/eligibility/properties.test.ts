import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { adapt } from '../../../../src/act/adapt.ts';
import type { DroppableCode } from '../../../../src/act/eligibility/rules.ts';
import type { VirtualPool } from '../../../../src/config.ts';
import { pools, templates } from './templates.ts';

/** The pool for a template that Spillway itself has pinned. */
const forPinned = (pool: VirtualPool): VirtualPool => ({
  ...pool,
  rules: { ...pool.rules, TEMPLATE_PINNED: 'off' },
});

/** Which fields each rule may take out of a spec. */
const touches: Readonly<Record<DroppableCode, RegExp>> = {
  TEMPLATE_POD_AFFINITY: /^affinity(\.podAffinity(\.required\w+)?)?$/,
  TEMPLATE_ANTI_AFFINITY: /^affinity(\.podAntiAffinity)?$/,
  TEMPLATE_NODE_AFFINITY: /^affinity(\.nodeAffinity)?$/,
  TEMPLATE_SPREAD: /^topologySpreadConstraints$/,
  TEMPLATE_NODE_SELECTOR: /^nodeSelector\b/,
  TEMPLATE_RUNTIME_CLASS: /^runtimeClassName$/,
  TEMPLATE_HOST_PORT: /^(initC|c)ontainers\.\d+\.ports\.\d+\.host(Port|IP)$/,
  TEMPLATE_WORKING_DIR: /^(initC|c)ontainers\.\d+\.workingDir$/,
  TEMPLATE_INIT_RESOURCES: /^initContainers\.\d+\.(ports|resources)$/,
  TEMPLATE_INIT_TOO_LARGE: /^initContainers\.\d+\.(ports|resources)$/,
  TEMPLATE_LIFECYCLE: /^(initC|c)ontainers\.\d+\.lifecycle(\.\w+)?$/,
  TEMPLATE_LIFECYCLE_SLEEP: /^(initC|c)ontainers\.\d+\.lifecycle(\.\w+)?$/,
  TEMPLATE_STARTUP_PROBE: /^containers\.\d+\.startupProbe$/,
  TEMPLATE_STARTUP_GUARD: /^containers\.\d+\.startupProbe$/,
  TEMPLATE_PROBE_TYPE: /^containers\.\d+\.(liveness|readiness)Probe$/,
  TEMPLATE_EPHEMERAL_STORAGE: /^(initC|c)ontainers\.\d+\.resources\.(requests|limits)\.ephemeral-storage$/,
  TEMPLATE_LIMITS: /^containers\.\d+\.resources\.limits\.(cpu|memory)$/,
};

/** What an adaptation does beside what rules take out. */
const pinning = /^(nodeSelector|tolerations)\b/;

describe('an adapted template', () => {
  test('has nothing left to refuse or to leave out, and is adapted to itself', () => {
    let adaptations = 0;
    fc.assert(
      fc.property(templates, pools, (template, pool) => {
        const adapted = adapt(template, pool);
        if (adapted.template === undefined) return assert.ok(adapted.refusals.length > 0);
        adaptations += 1;
        const again = adapt(adapted.template, forPinned(pool));
        assert.deepEqual([...again.refusals, ...again.dropped], []);
        assert.deepEqual(again.template, adapted.template);
      }),
      { numRuns: 1000 },
    );
    assert.ok(adaptations > 200, `only ${adaptations} were adapted`);
  });

  test('differs from the template only where a rule names it', () => {
    fc.assert(
      fc.property(templates, pools, (template, pool) => {
        const adapted = adapt(template, pool).template;
        if (adapted === undefined) return;
        const dropped = adapt(template, pool).dropped.map(({ code }) => code as DroppableCode);
        const unnamed = differences(template.spec, adapted.spec)
          .filter((path) => !pinning.test(path))
          .filter((path) => !dropped.some((code) => touches[code].test(path)));
        assert.deepEqual(unnamed, []);
        assert.deepEqual(adapted.metadata, template.metadata);
      }),
      { numRuns: 1000 },
    );
  });

  test('is pinned to the pool, tolerates it, and keeps the tolerations that it had', () => {
    fc.assert(
      fc.property(templates, pools, (template, pool) => {
        const spec = adapt(template, pool).template?.spec;
        if (spec === undefined) return;
        assert.equal(spec.nodeSelector?.['type'], 'virtual-kubelet');
        assert.ok(spec.tolerations?.some(({ key }) => key === 'virtual-kubelet.io/provider'));
        const own = template.spec?.tolerations ?? [];
        assert.deepEqual(spec.tolerations?.slice(0, own.length), own);
      }),
    );
  });

  test('is the same whenever it is made, and the template stays as it was', () => {
    fc.assert(
      fc.property(templates, pools, (template, pool) => {
        const before = structuredClone(template);
        const first = JSON.stringify(adapt(template, pool));
        assert.equal(JSON.stringify(adapt(before, pool)), first);
        assert.deepEqual(template, before);
      }),
    );
  });

  test('has no object that became empty by what was taken out', () => {
    fc.assert(
      fc.property(templates, pools, (template, pool) => {
        const spec = adapt(template, pool).template?.spec;
        const emptied = [spec?.affinity, ...(spec?.containers ?? []).map(({ lifecycle }) => lifecycle)];
        for (const [index, part] of emptied.entries()) {
          const before =
            index === 0 ? template.spec?.affinity : template.spec?.containers[index - 1]?.lifecycle;
          assert.ok(
            part === undefined || Object.keys(part).length > 0 || Object.keys(before ?? {}).length === 0,
          );
        }
      }),
    );
  });
});

/** Paths at which two values differ, as deep as both have them. */
function differences(one: unknown, other: unknown, path = ''): readonly string[] {
  if (!isObject(one) || !isObject(other)) return Object.is(one, other) ? [] : [path];
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].flatMap((key) =>
    differences(Reflect.get(one, key), Reflect.get(other, key), path === '' ? key : `${path}.${key}`),
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
