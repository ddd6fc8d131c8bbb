import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withLock } from './lock.ts';
import { kubernetesVersion, moduleDir, versionFlags } from './versions.ts';

const run = promisify(execFile);

/** What the one executable can be called as. */
const programs = [
  'certificates',
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubectl',
  'kwok',
  'virtual-kubelet',
] as const;

export type Program = (typeof programs)[number];

/** Where each program of the control plane is. */
export type Binaries = Readonly<Record<Program, string>>;

/**
 * Builds the control plane, unless this very source was built before, and says where its programs are.
 *
 * The result is kept outside of the tree, in `$SPILLWAY_CACHE/cluster/<hash>` (`~/.cache/spillway` by default). With
 * `KUBEBUILDER_ASSETS` (envtest's convention) kube-apiserver, etcd and kubectl are taken from that folder.
 */
export async function ensureBinaries(say: (line: string) => void = console.error): Promise<Binaries> {
  const root = join(process.env['SPILLWAY_CACHE'] ?? join(homedir(), '.cache', 'spillway'), 'cluster');
  const dir = join(root, await sourceHash());
  if (!existsSync(dir)) {
    await withLock(`${dir}.lock`, async () => {
      if (!existsSync(dir)) await build(root, dir, say);
    });
  }
  const binaries = Object.fromEntries(programs.map((program) => [program, join(dir, program)])) as Record<
    Program,
    string
  >;
  return { ...binaries, ...assets() };
}

/** Builds beside the final place and moves the whole folder there, so that nobody ever sees half of it. */
async function build(root: string, dir: string, say: (line: string) => void): Promise<void> {
  const version = kubernetesVersion();
  say(`Building a Kubernetes ${version} control plane into ${dir}: once, about five minutes on two cores.`);
  const startedAt = performance.now();
  await mkdir(root, { recursive: true });
  const temporary = await mkdtemp(join(root, 'build-'));
  try {
    await go(
      'build',
      '-trimpath',
      '-ldflags',
      `-s -w ${versionFlags(version)}`,
      '-o',
      join(temporary, 'cluster'),
      '.',
    );
    for (const program of programs) await symlink('cluster', join(temporary, program));
    await rename(temporary, dir);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  say(`Built in ${Math.round((performance.now() - startedAt) / 1000)} s.`);
}

async function go(...args: string[]): Promise<void> {
  const child = spawn('go', args, {
    cwd: moduleDir,
    env: { ...process.env, CGO_ENABLED: '0' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`go ${args[0]} failed (${code}).`)),
    );
  });
}

/** Names a build by everything that goes into it. */
async function sourceHash(): Promise<string> {
  const hash = createHash('sha256');
  const { stdout: goVersion } = await run('go', ['version'], { cwd: moduleDir }).catch((cause: unknown) => {
    throw new Error(
      'The control plane for tests is built with Go 1.26 or later, and there is no `go` here.',
      { cause },
    );
  });
  hash.update(goVersion);
  for (const file of globSync(['go.mod', 'go.sum', '**/*.go'], { cwd: moduleDir }).toSorted()) {
    hash.update(`\0${file}\0`).update(readFileSync(join(moduleDir, file)));
  }
  hash.update(readFileSync(join(moduleDir, 'versions.ts')));
  return hash.digest('hex').slice(0, 16);
}

function assets(): Partial<Record<Program, string>> {
  const folder = process.env['KUBEBUILDER_ASSETS'];
  if (folder === undefined || folder === '') return {};
  return {
    'kube-apiserver': join(folder, 'kube-apiserver'),
    etcd: join(folder, 'etcd'),
    kubectl: join(folder, 'kubectl'),
  };
}

if (import.meta.main) {
  for (const [program, path] of Object.entries(await ensureBinaries())) console.log(`${program}\t${path}`);
}
