import { createPrivateKey, X509Certificate } from 'node:crypto';
import { SpillwayError } from '../../errors.ts';

/** What the server shows, and whom the API server has to trust for it. All PEM. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
  /** Undefined: not told, so that somebody else takes care of the APIService's caBundle. */
  readonly authority: string | undefined;
}

/** The keys of a Secret of type kubernetes.io/tls, as cert-manager writes it, and so the files of a folder it is mounted in. */
export const certificateKeys = ['tls.crt', 'tls.key', 'ca.crt'] as const;

/**
 * The certificate of a Secret or folder, if key and certificate belong together: files that are just being replaced do
 * not. `where` is named in the error. Throws EXTERNAL_METRICS_CERTIFICATE_INVALID.
 */
export function certificateIn(texts: Readonly<Record<string, string>>, where: string): Certificate {
  const { 'tls.crt': certificate = '', 'tls.key': key = '', 'ca.crt': authority = '' } = texts;
  if (certificate === '' || key === '') throw invalid(where, 'tls.crt or tls.key is missing');
  let fits: boolean;
  try {
    fits = new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    // What went wrong may quote the key.
    throw invalid(where, 'tls.crt or tls.key is not PEM');
  }
  if (!fits) throw invalid(where, 'tls.key is not the key of tls.crt');
  return { certificate, key, authority: authority === '' ? undefined : authority };
}

function invalid(where: string, problem: string): SpillwayError {
  return new SpillwayError('EXTERNAL_METRICS_CERTIFICATE_INVALID', { where, problem });
}
