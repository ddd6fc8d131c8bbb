import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** What a kubectl said and how it ended. */
export interface KubectlResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** Runs kubectl; a failure is a result, not an exception. `input` is its standard input (`-f -`). */
export type Kubectl = (
  args: readonly string[],
  options?: { readonly input?: string },
) => Promise<KubectlResult>;

/** A kubectl that speaks with one kubeconfig and keeps its caches in `dir`. */
export function kubectlFor(command: string, kubeconfigPath: string, dir: string): Kubectl {
  return async (args, options = {}) => {
    const child = spawn(command, args, {
      env: { ...process.env, KUBECONFIG: kubeconfigPath, KUBECACHEDIR: join(dir, 'kubectl-cache') },
    });
    const closed = once(child, 'close');
    child.stdin.on('error', () => {}); // kubectl may end without reading all of it: its exit code says why
    child.stdin.end(options.input ?? '');
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
    return { stdout, stderr, code: (code as number | null) ?? -1 };
  };
}

/** Runs kubectl for something that has to work: returns its output, or throws what it complained about. */
export async function kubectlOrThrow(
  kubectl: Kubectl,
  args: readonly string[],
  input?: string,
): Promise<string> {
  const result = await kubectl(args, input === undefined ? {} : { input });
  if (result.code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${result.stderr.trim()}`);
  return result.stdout;
}
