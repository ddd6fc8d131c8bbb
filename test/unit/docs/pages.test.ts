import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { defaultVirtualPools } from '../../../src/cluster/virtual-nodes.ts';
import { parseConfig } from '../../../src/config.ts';
import { policyKind } from '../../../src/policy/schema.ts';
import { isRecord } from '../../../src/policy/schema-tree.ts';
import { validatePolicy } from '../../../src/policy/validate.ts';
import { anchorsOf, blocksOf, linksOf, readPages, yamlObjects } from '../../docs/pages.ts';

const pages = readPages();

test('every BurstPolicy in the docs and examples is valid', () => {
  const policies = yamlObjects().filter(({ value }) => isRecord(value) && value['kind'] === policyKind);
  assert.ok(policies.length > 5);
  const problems = policies.flatMap(({ place, value }) =>
    validatePolicy(value).map(({ path, message }) => `${place} ${path}: ${message}`),
  );
  assert.deepEqual(problems, []);
});

test('every link leads to a file and a heading that exist', () => {
  const broken = pages.flatMap((page) =>
    linksOf(page)
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => !leadsSomewhere(page.path, link))
      .map((link) => `${page.path}: ${link}`),
  );
  assert.deepEqual(broken, []);
});

function leadsSomewhere(from: string, link: string): boolean {
  const [file = '', anchor] = link.split('#');
  const path = file === '' ? from : normalize(join(dirname(from), file));
  if (!existsSync(path)) return false;
  if (anchor === undefined) return true;
  const page = pages.find((one) => one.path === path);
  return page !== undefined && anchorsOf(page).has(anchor);
}

test('every page of docs/ is in its index', () => {
  const index = pages.find(({ path }) => path === 'docs/README.md');
  assert.ok(index !== undefined);
  const linked = new Set(linksOf(index).map((link) => normalize(join('docs', link))));
  const missing = pages.filter(({ path }) => /^docs\/(?!README)[^/]+\.md$/.test(path) && !linked.has(path));
  assert.deepEqual(
    missing.map(({ path }) => path),
    [],
  );
});

test('every npm script that is named exists', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  const unknown = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/npm run (?:-s )?([a-z][\w:-]*)/g)]
      .filter(([, name = '']) => !Object.hasOwn(scripts, name))
      .map(([command]) => `${path}: ${command}`),
  );
  assert.deepEqual(unknown, []);
});

test('every test that is named as a proof exists', () => {
  const named = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/`((?:unit|cluster|e2e)\/[\w/-]+): ([^`\n]+)`/g)].map(([, file = '', name = '']) => ({
      path,
      file: `test/${file}.test.ts`,
      name,
    })),
  );
  assert.ok(named.length > 20);
  const missing = named.filter(
    ({ file, name }) => !existsSync(file) || !readFileSync(file, 'utf8').includes(name),
  );
  assert.deepEqual(missing, []);
});

test('every configuration in docs/configuration.md is accepted', () => {
  const page = pages.find(({ path }) => path === 'docs/configuration.md');
  assert.ok(page !== undefined);
  const configurations = blocksOf(page).filter(({ language }) => language === 'yaml');
  assert.ok(configurations.length > 1);
  for (const { code, line } of configurations) {
    assert.doesNotThrow(() => parseConfig(code, `${page.path}:${line}`, defaultVirtualPools));
  }
});
