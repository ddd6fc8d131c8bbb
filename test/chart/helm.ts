import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { withLock } from '../cluster/lock.ts';
import { kubernetesVersion } from '../cluster/versions.ts';

/** The Helm that the chart is tested with. */
export const helmVersion = 'v3.22.0';

/** The chart, from the root of the repository. */
export const chartDir = 'charts/spillway';

/** What a Helm said and how it ended. */
export interface HelmResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/**
 * Says where a real Helm is: `SPILLWAY_HELM`, else one that is built from its Go module, once, into
 * `$SPILLWAY_CACHE/helm/<versions>` (`~/.cache/spillway` by default).
 */
export async function ensureHelm(say: (line: string) => void = console.error): Promise<string> {
  const given = process.env['SPILLWAY_HELM'];
  if (given !== undefined && given !== '') return given;
  const root = join(process.env['SPILLWAY_CACHE'] ?? join(homedir(), '.cache', 'spillway'), 'helm');
  const dir = join(root, `${helmVersion}-${kubernetesVersion()}`);
  if (!existsSync(dir)) {
    await withLock(`${dir}.lock`, async () => {
      if (!existsSync(dir)) await build(root, dir, say);
    });
  }
  return join(dir, 'helm');
}

/** Builds beside the final place and moves the folder there, so that nobody ever sees half of it. */
async function build(root: string, dir: string, say: (line: string) => void): Promise<void> {
  say(`Building Helm ${helmVersion} into ${dir}: once, about five minutes on two cores.`);
  await mkdir(root, { recursive: true });
  const temporary = await mkdtemp(join(root, 'build-'));
  try {
    const child = spawn(
      'go',
      ['install', '-trimpath', '-ldflags', ldflags(), `helm.sh/helm/v3/cmd/helm@${helmVersion}`],
      {
        // Outside of any module: the versions are those of Helm's own go.mod.
        cwd: temporary,
        env: { ...process.env, CGO_ENABLED: '0', GOBIN: temporary, GOFLAGS: '-buildvcs=false' },
        stdio: ['ignore', 'inherit', 'inherit'],
      },
    );
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`go install failed (${code}). Helm is built with Go 1.26 or later.`);
    await rename(temporary, dir);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** What a release of Helm is stamped with: its version, and the Kubernetes that it assumes where it asks no cluster. */
function ldflags(): string {
  const [major = '', minor = ''] = kubernetesVersion().slice(1).split('.');
  const stamps = {
    'helm.sh/helm/v3/internal/version.version': helmVersion,
    'helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor': major,
    'helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor': minor,
    'helm.sh/helm/v3/pkg/lint/rules.k8sVersionMajor': major,
    'helm.sh/helm/v3/pkg/lint/rules.k8sVersionMinor': minor,
  };
  return ['-s', '-w', ...Object.entries(stamps).map(([name, value]) => `-X ${name}=${value}`)].join(' ');
}

/** Runs Helm in the root of the repository; a failure is a result. Its own folders lie in `home`. */
export async function helm(
  args: readonly string[],
  options: { readonly kubeconfigPath?: string; readonly home?: string; readonly input?: string } = {},
): Promise<HelmResult> {
  const { kubeconfigPath = '/dev/null', home, input = '' } = options;
  const child = spawn(await ensureHelm(), args, {
    env: {
      ...process.env,
      KUBECONFIG: kubeconfigPath,
      ...(home === undefined ? {} : { HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home }),
    },
  });
  const closed = once(child, 'close');
  child.stdin.on('error', () => {}); // it may end without reading all: its exit code says why
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { stdout, stderr, code: (code as number | null) ?? -1 };
}

/** Runs Helm for something that has to work: its output, or an error with what it complained about. */
export async function helmOrThrow(...call: Parameters<typeof helm>): Promise<string> {
  const { stdout, stderr, code } = await helm(...call);
  if (code !== 0) throw new Error(`helm ${call[0].join(' ')}: ${stderr.trim()}`);
  return stdout;
}

if (import.meta.main) console.log(await ensureHelm());
