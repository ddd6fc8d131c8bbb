import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type Failure, failed } from './prometheus-answer.ts';
import type { PrometheusSettings } from './prometheus-settings.ts';

/** What the files of a connection say right now. */
export interface PrometheusCredentials {
  /** Value of the header Authorization; undefined: there is nothing to show. */
  readonly authorization: string | undefined;
  /** PEM bundle; undefined: the system's authorities. */
  readonly ca: string | undefined;
}

/** Reads the files of a connection. A file that cannot be used is told by its key, not by its path. */
export async function readCredentials(
  settings: PrometheusSettings,
): Promise<PrometheusCredentials | Failure> {
  const { bearerTokenFile, basicAuth, caFile } = settings;
  try {
    const ca = caFile === undefined ? undefined : await textOf('caFile', caFile, isCertificate);
    if (bearerTokenFile !== undefined) {
      const token = await textOf('bearerTokenFile', bearerTokenFile, isToken);
      return { authorization: `Bearer ${token}`, ca };
    }
    if (basicAuth === undefined) return { authorization: undefined, ca };
    const user = await textOf('basicAuth.usernameFile', basicAuth.usernameFile, isUser);
    const password = await textOf('basicAuth.passwordFile', basicAuth.passwordFile, isSomething);
    return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`, ca };
  } catch (error) {
    if (error instanceof UnusableFile) return failed('PROMETHEUS_FILE_UNUSABLE', { key: error.key });
    throw error;
  }
}

class UnusableFile extends Error {
  readonly key: string;

  constructor(key: string, cause?: unknown) {
    super(`the file of ${key} cannot be used`, { cause });
    this.key = key;
  }
}

async function textOf(key: string, path: string, fits: (text: string) => boolean): Promise<string> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new UnusableFile(key, cause);
  });
  // Files that were written by hand end with a newline, which is no part of a secret.
  const bare = text.replace(/\r?\n$/, '');
  if (!fits(bare)) throw new UnusableFile(key);
  return bare;
}

const isSomething = (text: string): boolean => text !== '';
const isUser = (text: string): boolean => text !== '' && !text.includes(':');
/** What a header may carry. */
const isToken = (text: string): boolean => /^[\x21-\x7e]+$/.test(text);

function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).raw.length > 0;
  } catch {
    return false;
  }
}
