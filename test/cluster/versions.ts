import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The folder of the Go module from which the control plane is built. */
export const moduleDir = import.meta.dirname;

/** The version of Kubernetes that the module asks for, such as `v1.36.3`. */
export function kubernetesVersion(): string {
  const required = /^\s*k8s\.io\/kubernetes (v\S+)$/m.exec(readFileSync(join(moduleDir, 'go.mod'), 'utf8'));
  if (required?.[1] === undefined) throw new Error('test/cluster/go.mod does not require k8s.io/kubernetes.');
  return required[1];
}

/**
 * Linker flags that stamp the version into the binaries, as a release build does: without them `kubectl version`
 * shows a placeholder. Nothing is said about the commit, which a module does not know.
 */
export function versionFlags(version: string): string {
  const [major, minor] = version.slice(1).split('.');
  const stamps = {
    gitVersion: version,
    gitMajor: major,
    gitMinor: minor,
    gitCommit: '',
    gitTreeState: 'archive',
  };
  return Object.entries(stamps)
    .flatMap(([name, value]) =>
      ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].map(
        (pkg) => `-X ${pkg}.${name}=${value}`,
      ),
    )
    .join(' ');
}
