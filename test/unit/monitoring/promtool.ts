import { execFileSync } from 'node:child_process';

/**
 * Runs promtool and returns what it prints. Throws what it says where something is wrong, and what to install where there is
 * none: rules that nobody checked are not fit to be delivered, so a machine without it fails.
 */
export function promtool(...args: readonly string[]): string {
  try {
    return execFileSync('promtool', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    if (isMissing(error)) {
      throw new Error(
        'promtool is needed to check the alert rules, and it is not here. Install it: apt-get install --no-install-recommends prometheus',
        { cause: error },
      );
    }
    const { stdout = '', stderr = '' } = error as { readonly stdout?: string; readonly stderr?: string };
    throw new Error(`promtool ${args.join(' ')}:\n${stdout}${stderr}`, { cause: error });
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
