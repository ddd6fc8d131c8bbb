import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where a program is on the PATH; undefined: it is not there. */
export function onPath(program: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .concat('/usr/bin', '/usr/local/bin', '/usr/sbin')
    .map((folder) => join(folder, program))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/**
 * Where a program is, installed first if need be: as root on Debian and its kin, from the package of that name, and `say`
 * is told so before. Undefined: it is not there and could not be had.
 */
export async function ensureProgram(
  program: string,
  debianPackage: string,
  say: (line: string) => void,
): Promise<string | undefined> {
  const present = onPath(program);
  const apt = onPath('apt-get');
  if (present !== undefined || apt === undefined || process.getuid?.() !== 0) return present;
  say(`${program} is not installed: installing it with apt-get.`);
  await ended(spawn(apt, ['update', '-qq'], { stdio: 'ignore' }));
  // Only the program is wanted: a service that starts with the machine is none of our business.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const install = ['install', '-y', '-qq', '--no-install-recommends', debianPackage];
  await ended(spawn(apt, install, { stdio: 'ignore', env }));
  return onPath(program);
}

async function ended(child: ChildProcess): Promise<void> {
  await once(child, 'exit').catch(() => undefined);
}
