import { execFile } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Credential } from './kubeconfig.ts';

const run = promisify(execFile);

/** The certificates, keys and tokens of one control plane, as paths in a folder of their own. */
export interface Trust {
  /** The path of a file of this name. */
  path(file: string): string;
  /** A token of a member of system:masters, whom RBAC allows everything. */
  readonly adminToken: string;
  /** Certifies a user who is a member of these groups. */
  clientCertificate(user: string, groups: readonly string[]): Promise<Credential>;
}

/** Makes the certificates of the API server and the aggregator, the service-account key pair and the token file. */
export async function createTrust(dir: string, certificates: string): Promise<Trust> {
  mkdirSync(dir, { recursive: true });
  const path = (file: string) => join(dir, file);
  await run(certificates, ['server', dir]);

  const keys = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  writeFileSync(path('service-account.pub'), keys.publicKey);
  writeFileSync(path('service-account.key'), keys.privateKey, { mode: 0o600 });

  const adminToken = randomBytes(24).toString('hex');
  writeFileSync(path('tokens.csv'), `${adminToken},admin,admin,system:masters\n`, { mode: 0o600 });

  let issued = 0;
  return {
    path,
    adminToken,
    async clientCertificate(user, groups) {
      issued += 1;
      const file = `client-${issued}`;
      await run(certificates, ['client', dir, file, user, ...groups]);
      return { certificatePath: path(`${file}.crt`), keyPath: path(`${file}.key`) };
    },
  };
}
