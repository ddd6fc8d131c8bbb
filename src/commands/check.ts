import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { defaultVirtualPools } from '../cluster/virtual-nodes.ts';
import type { VirtualPool } from '../config.ts';
import { SpillwayError, sentence } from '../errors.ts';
import { apiGroup, policyKind } from '../policy/schema.ts';
import { isRecord } from '../policy/schema-tree.ts';
import { validatePolicy } from '../policy/validate.ts';
import { unknownConnections } from './check-connections.ts';
import { type TemplateFinding, templateFindings, templateLine } from './check-eligibility.ts';
import { type Manifest, readManifests } from './manifests.ts';

/** What `spillway check` was asked. */
export interface CheckOptions {
  /** Paths of files; `-` is standard input. */
  readonly files: readonly string[];
  /** Print one JSON value instead of lines. */
  readonly json: boolean;
  /** For which virtual pool the targets of policies are judged; undefined: the AKS add-on, which takes least. */
  readonly pool?: VirtualPool | undefined;
  /** Names of the Prometheus connections that there are; undefined: not known. */
  readonly connections?: readonly string[] | undefined;
}

/** Where the command reads and writes. `out` and `error` take whole lines, without their end. */
export interface CheckIo {
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly out: (line: string) => void;
  readonly error: (line: string) => void;
}

/** What was found in an object or a file; lines and columns count from 1. `--json` prints a list of them. */
export type Finding =
  | {
      readonly result: 'valid' | 'skipped';
      readonly file: string;
      readonly line: number;
      readonly column: number;
      /** `kind namespace/name`, as far as the object says. */
      readonly object: string;
    }
  | {
      readonly result: 'problem';
      readonly file: string;
      readonly line: number;
      readonly column: number;
      readonly object: string;
      readonly path: string;
      readonly message: string;
    }
  | TemplateFinding
  | { readonly result: 'error'; readonly file: string; readonly message: string };

/**
 * Says what the API server would say about the policies of some files, without one, and what their targets meet on the
 * virtual pool, where the files hold them. Resolves to the exit code: 0 all valid, 1 some policy is not valid or its
 * target does not burst, 2 a file that cannot be read as YAML, or none named.
 */
export async function check(options: CheckOptions, io: CheckIo): Promise<0 | 1 | 2> {
  if (options.files.length === 0) {
    io.error(sentence('CHECK_NO_FILES'));
    return 2;
  }
  const objects: (Manifest | Unreadable)[] = [];
  for (const file of options.files) objects.push(...(await readObjects(file, io.stdin)));
  const manifests = objects.filter((read): read is Manifest => !('result' in read));
  const pool = options.pool ?? addOn;
  const findings = objects.flatMap((read) =>
    'result' in read ? [read] : checkManifest(read, manifests, pool, options.connections),
  );
  if (options.json) io.out(JSON.stringify(findings, undefined, 2));
  else for (const finding of findings) (finding.result === 'error' ? io.error : io.out)(lineOf(finding));
  const results = new Set(findings.map(({ result }) => result));
  if (results.has('error')) return 2;
  return results.has('problem') || findings.some(isRefused) ? 1 : 0;
}

const addOn = defaultVirtualPools.find(({ kind }) => kind === 'AksAddon');

function isRefused(finding: Finding): boolean {
  return finding.result === 'template' && (finding.severity === 'refuse' || finding.severity === 'invalid');
}

type Unreadable = Extract<Finding, { result: 'error' }>;

/** The objects of a file, or why it cannot be read. */
async function readObjects(
  file: string,
  stdin: AsyncIterable<Uint8Array>,
): Promise<readonly (Manifest | Unreadable)[]> {
  const name = file === '-' ? 'standard input' : file;
  try {
    return readManifests(name, file === '-' ? await buffer(stdin) : await read(file));
  } catch (error) {
    if (!(error instanceof SpillwayError)) throw error;
    return [{ result: 'error', file: name, message: error.message }];
  }
}

async function read(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new SpillwayError('CHECK_UNREADABLE', { file, problem: readProblems[code] ?? code }, cause);
  }
}

const readProblems: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
};

function checkManifest(
  { file, value, position }: Manifest,
  manifests: readonly Manifest[],
  pool: VirtualPool | undefined,
  connections: readonly string[] | undefined,
): readonly Finding[] {
  const object = nameOf(value);
  const place = { file, ...position([]), object };
  if (!isPolicy(value)) return [{ result: 'skipped', ...place }];
  const broken = validatePolicy(value);
  const problems =
    broken.length > 0 || connections === undefined ? broken : unknownConnections(value, connections);
  if (problems.length === 0) {
    const met = pool === undefined ? [] : templateFindings(value, manifests, pool);
    return [{ result: 'valid', ...place }, ...met];
  }
  return problems
    .map(({ path, message, at }) => ({
      result: 'problem' as const,
      file,
      ...position(at),
      object,
      path,
      message,
    }))
    .sort((one, other) => one.line - other.line || one.column - other.column);
}

/** Any version of our group counts, and our kind in any group: a slip in either is a problem, not another kind. */
function isPolicy(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { apiVersion, kind } = value;
  return kind === policyKind || (typeof apiVersion === 'string' && apiVersion.split('/')[0] === apiGroup);
}

function nameOf(value: unknown): string {
  if (!isRecord(value)) return 'something that is no object';
  const metadata = isRecord(value['metadata']) ? value['metadata'] : {};
  const name = [metadata['namespace'], metadata['name']].filter((part) => typeof part === 'string').join('/');
  const kind = typeof value['kind'] === 'string' ? value['kind'] : 'object without a kind';
  return name === '' ? kind : `${kind} ${name}`;
}

function lineOf(finding: Finding): string {
  if (finding.result === 'error') return finding.message;
  const place = `${finding.file}:${finding.line}:${finding.column}`;
  if (finding.result === 'template') return `${place} ${templateLine(finding)}`;
  if (finding.result === 'problem') return `${place} ${finding.path}: ${finding.message}`;
  const verdict = finding.result === 'valid' ? 'valid' : `skipped, it is not a ${policyKind}`;
  return `${place} ${finding.object}: ${verdict}`;
}
