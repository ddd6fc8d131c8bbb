import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  readonly packages: Readonly<Record<string, LockedPackage>>;
};

test('the lockfile has an entry for every optional package, other platforms included: npm ci asks for it', () => {
  const missing = Object.values(packages)
    .flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies))
    .filter((name) => !Object.hasOwn(packages, `node_modules/${name}`));
  assert.deepEqual(missing, []);
});

test('the lockfile names no registry host', () => {
  const named = Object.entries(packages).filter(([, { resolved }]) => resolved?.startsWith('http') === true);
  assert.deepEqual(named, []);
});
