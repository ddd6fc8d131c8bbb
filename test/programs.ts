import { ensureProgram } from '../src/commands/programs.ts';
import { ensureRedisServer } from '../src/commands/redis-server.ts';

/** What tests need beyond npm, by the Debian package that has it. */
const packages = { prometheus: 'prometheus', promtool: 'prometheus', openssl: 'openssl' } as const;

/** Makes sure that every program which tests start is there; says what is missing and how to get it, and then throws. */
export async function ensurePrograms(say: (line: string) => void = console.log): Promise<void> {
  await ensureRedisServer(say);
  for (const [program, debianPackage] of Object.entries(packages)) {
    if ((await ensureProgram(program, debianPackage, say)) === undefined) {
      throw new Error(
        `${program} is needed and not installed. Get it with: apt-get install ${debianPackage}`,
      );
    }
  }
}
