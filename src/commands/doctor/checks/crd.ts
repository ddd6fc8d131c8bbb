import { burstPolicyCrd } from '../../../policy/crd.ts';
import { type Found, fail, ok, skipped, warn } from '../finding.ts';
import type { Check } from '../look.ts';

const id = 'crd';
const name = 'burstpolicies.spillway.dev';
const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`;
const install = 'kubectl apply --server-side -f charts/spillway/files/burstpolicies.yaml';

interface Crd {
  readonly spec?: {
    readonly versions?: readonly {
      readonly name?: string;
      readonly schema?: { readonly openAPIV3Schema?: Schema };
    }[];
  };
  readonly status?: { readonly conditions?: readonly { readonly type?: string; readonly status?: string }[] };
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly 'x-kubernetes-validations'?: readonly { readonly rule?: string }[];
}

/** Whether the CustomResourceDefinition is there and is that of this version. */
export const checkCrd: Check = async ({ reader, policies }) => {
  const read = await reader.get<Crd>(path);
  if (read.state === 'absent') {
    return [fail(id, `The CustomResourceDefinition ${name} is not installed.`, install)];
  }
  if (read.state === 'unread') {
    return policies === undefined
      ? [fail(id, 'The API server serves no BurstPolicies.', install)]
      : [
          skipped(
            id,
            `BurstPolicies are served. ${read.why}`,
            'Ask somebody who may get the CustomResourceDefinition.',
          ),
        ];
  }
  const established = read.value.status?.conditions?.find(({ type }) => type === 'Established');
  if (established?.status !== 'True') {
    return [
      fail(id, `The CustomResourceDefinition ${name} is not established.`, `kubectl describe crd ${name}`),
    ];
  }
  return [compare(read.value, burstPolicyCrd())];
};

function compare(installed: Crd, own: Crd): Found {
  const [theirs, ours] = [partsOf(installed), partsOf(own)];
  const missing = [...ours.fields].filter((field) => !theirs.fields.has(field));
  const unknown = [...theirs.fields].filter((field) => !ours.fields.has(field));
  if (missing.length > 0) {
    return fail(
      id,
      `The CustomResourceDefinition is older than this spillway: it does not know ${listed(missing)}, so these are dropped from policies and their status.`,
      install,
    );
  }
  if (unknown.length > 0) {
    return warn(
      id,
      `The CustomResourceDefinition is newer than this spillway: it knows ${listed(unknown)}.`,
      'Use the spillway of the version that the CustomResourceDefinition is from.',
    );
  }
  const changed =
    [...ours.rules].some((rule) => !theirs.rules.has(rule)) || ours.rules.size !== theirs.rules.size;
  return changed
    ? warn(id, 'The rules of the CustomResourceDefinition are those of another version.', install)
    : ok(id, 'The CustomResourceDefinition is that of this version.');
}

/** Paths of all fields, and the rules with the path that they stand at. */
function partsOf(crd: Crd): { readonly fields: ReadonlySet<string>; readonly rules: ReadonlySet<string> } {
  const fields = new Set<string>();
  const rules = new Set<string>();
  const walk = (schema: Schema, at: string): void => {
    for (const { rule = '' } of schema['x-kubernetes-validations'] ?? []) rules.add(`${at} ${rule}`);
    for (const [field, child] of Object.entries(schema.properties ?? {})) {
      const place = at === '' ? field : `${at}.${field}`;
      fields.add(place);
      walk(child, place);
    }
    if (schema.items !== undefined) walk(schema.items, `${at}[]`);
    if (typeof schema.additionalProperties === 'object') walk(schema.additionalProperties, `${at}{}`);
  };
  walk(
    crd.spec?.versions?.find(({ name: version }) => version === 'v1alpha1')?.schema?.openAPIV3Schema ?? {},
    '',
  );
  return { fields, rules };
}

function listed(fields: readonly string[]): string {
  // A field that is missing says it of those below it too.
  const tops = fields.filter(
    (field) => !fields.some((other) => field.startsWith(`${other}.`) || field.startsWith(`${other}[`)),
  );
  const shown = tops.slice(0, 3).join(', ');
  return tops.length > 3 ? `${shown} and ${tops.length - 3} more fields` : shown;
}
