import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { burstPolicyCrd } from '../../../src/policy/crd.ts';
import { generated } from '../../../src/policy/generated.ts';
import { changeRules, rules } from '../../../src/policy/rules.ts';
import { nodes, type SchemaNode } from '../../../src/policy/schema-tree.ts';
import { statusSchema } from '../../../src/policy/status-schema.ts';
import { validatePolicy } from '../../../src/policy/validate.ts';
import { wholeStatus } from './specs.ts';

const root = new URL('../../../', import.meta.url);

void test('the committed CRD, roles and field tables are what `npm run generate` makes', async () => {
  for (const { file, content } of await generated(root)) {
    assert.equal(await readFile(new URL(file, root), 'utf8'), content, `${file}: run npm run generate`);
  }
});

void test('every field says what it means', () => {
  for (const { path, node } of nodes()) {
    if (!path.endsWith('[]')) assert.ok((node.description ?? '').length > 5, `${path} has no description`);
  }
});

void test('every text, list and map of the spec is bounded, so that the cost of CEL is', () => {
  for (const { path, node } of nodes()) {
    if (!path.startsWith('spec')) continue;
    if (node.type === 'string') assert.ok(node['maxLength'] !== undefined || node.enum !== undefined, path);
    if (node.items !== undefined) assert.ok(node['maxItems'] !== undefined, path);
    if (node.additionalProperties !== undefined) assert.ok(node['maxProperties'] !== undefined, path);
  }
});

void test('the schema is structural', () => {
  for (const { path, node } of nodes(schemaOfCrd())) {
    assert.ok(typeof node.type === 'string', `${path} has no type`);
    assert.ok(node.properties === undefined || node.additionalProperties === undefined, path);
    for (const keyword of ['oneOf', 'anyOf', 'allOf', 'not', '$ref', 'const', 'x-spillway-kind']) {
      assert.equal(node[keyword], undefined, `${path} has ${keyword}`);
    }
  }
});

void test('the bounds of a number fit its format, or the API server refuses every value', () => {
  for (const { path, node } of nodes(schemaOfCrd())) {
    if (node['format'] === 'int32') assert.ok(Number(node['maximum'] ?? 0) <= 2 ** 31 - 1, path);
    if (node.type === 'integer') assert.ok(node['format'] !== undefined, path);
  }
});

void test('a status with every field passes the schema', () => {
  assert.deepEqual(statusSchema.parse(wholeStatus), wholeStatus);
  const fields = new Set(
    [...nodes()].map(({ path }) => path).filter((path) => /^status\.[^.[{]+$/.test(path)),
  );
  assert.deepEqual(fields, new Set(Object.keys(wholeStatus).map((field) => `status.${field}`)));
});

void test('every rule is in the CRD, with its sentence', () => {
  const inCrd = [...nodes(schemaOfCrd())].flatMap(({ path, node }) =>
    (Array.isArray(node['x-kubernetes-validations']) ? node['x-kubernetes-validations'] : []).map(
      ({ rule, message }: { rule: string; message: string }) => `${path} ${rule} ${message}`,
    ),
  );
  const written = [...rules, ...changeRules].map(({ path, cel, message }) => `${path} ${cel} ${message}`);
  assert.deepEqual(inCrd.sort(), written.sort());
});

void test('a rule about a field names one that exists', () => {
  const paths = new Set([...nodes()].map(({ path }) => path));
  for (const { path, about } of [...rules, ...changeRules]) {
    if (about !== undefined) assert.ok(paths.has(`${path}.${about}`), `${path}.${about}`);
  }
});

void test('the policies of docs/policy.md are valid', async () => {
  const page = await readFile(new URL('docs/policy.md', root), 'utf8');
  const examples = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text ?? '');
  assert.ok(examples.length >= 3);
  for (const example of examples) {
    for (const document of parseAllDocuments(example)) assert.deepEqual(validatePolicy(document.toJS()), []);
  }
});

function schemaOfCrd(): SchemaNode {
  const { spec } = burstPolicyCrd() as unknown as {
    spec: { versions: readonly [{ schema: { openAPIV3Schema: SchemaNode } }] };
  };
  return spec.versions[0].schema.openAPIV3Schema;
}
