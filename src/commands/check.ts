import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { defaultVirtualPools } from '../cluster/virtual-nodes.ts';
import type { VirtualPool } from '../config.ts';
import { SpillwayError, sentence } from '../errors.ts';
import { apiGroup, policyKind } from '../policy/schema.ts';
import { isRecord } from '../policy/schema-tree.ts';
import { type TemplateFinding, templateLine } from './check-eligibility.ts';
import { type CheckedPolicy, checkPolicy } from './check-policy.ts';
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
  /** Whether some virtual pool has a price; undefined: not known. */
  readonly priced?: boolean | undefined;
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
      /** `judged`: no policy, but the target of one. `refused`: a valid policy whose target does not burst. */
      readonly result: 'judged' | 'refused';
      readonly file: string;
      readonly line: number;
      readonly column: number;
      readonly object: string;
      /** What was taken for granted, or why it will not burst; empty: nothing to say. */
      readonly message: string;
    }
  | {
      /** `warning`: the policy is valid, and does not do what it says. */
      readonly result: 'problem' | 'warning';
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
 * virtual pool, where the files hold them. Warnings alone leave the exit code 0. Resolves to the exit code: 0 all valid, 1 some policy is not valid or its
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
  const around = {
    manifests,
    pool: options.pool ?? addOn,
    connections: options.connections,
    priced: options.priced,
  };
  const policies = new Map(
    manifests
      .filter(({ value }) => isPolicy(value))
      .map((manifest) => [manifest, checkPolicy(manifest.value, around)]),
  );
  const judged = notesOf([...policies.values()]);
  const findings = objects.flatMap((read): readonly Finding[] => {
    if ('result' in read) return [read];
    const checked = policies.get(read);
    return checked === undefined ? [other(read, judged.get(read))] : ofPolicy(read, checked);
  });
  if (options.json) io.out(JSON.stringify(findings, undefined, 2));
  else for (const finding of findings) (finding.result === 'error' ? io.error : io.out)(lineOf(finding));
  const results = new Set(findings.map(({ result }) => result));
  if (results.has('error')) return 2;
  return results.has('problem') || results.has('refused') ? 1 : 0;
}

const addOn = defaultVirtualPools.find(({ kind }) => kind === 'AksAddon');

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

/** The targets that were judged, each with what was taken for granted about it. */
function notesOf(policies: readonly CheckedPolicy[]): ReadonlyMap<Manifest, string> {
  const notes = new Map<Manifest, string>();
  for (const { target } of policies.flatMap(({ targets }) => targets)) {
    const all = [notes.get(target.manifest) ?? '', target.assumed ?? ''].filter((note) => note !== '');
    notes.set(target.manifest, [...new Set(all)].join('; '));
  }
  return notes;
}

function other(manifest: Manifest, note: string | undefined): Finding {
  const place = placeOf(manifest);
  return note === undefined ? { result: 'skipped', ...place } : { result: 'judged', ...place, message: note };
}

function ofPolicy(manifest: Manifest, checked: CheckedPolicy): readonly Finding[] {
  const { problems, warnings, targets, refusal } = checked;
  const place = placeOf(manifest);
  const told = (result: 'problem' | 'warning', list: CheckedPolicy['problems']): readonly Finding[] =>
    list
      .map(({ path, message, at }) => ({ result, ...place, ...manifest.position(at), path, message }))
      .sort((one, next) => one.line - next.line || one.column - next.column);
  if (problems.length > 0) return told('problem', problems);
  return [
    { result: 'valid', ...place },
    ...told('warning', warnings),
    ...targets.flatMap(({ findings }) => findings),
    ...(refusal === undefined ? [] : [{ result: 'refused' as const, ...place, message: refusal }]),
  ];
}

function placeOf({ file, value, position }: Manifest) {
  return { file, ...position([]), object: nameOf(value) };
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
  if ('path' in finding) {
    return `${place} ${finding.path}: ${finding.result === 'warning' ? 'warning: ' : ''}${finding.message}`;
  }
  return `${place} ${finding.object}: ${verdictOf(finding)}`;
}

type Verdict = Extract<Finding, { result: 'valid' | 'skipped' | 'judged' | 'refused' }>;

function verdictOf(finding: Verdict): string {
  switch (finding.result) {
    case 'valid':
      return 'valid';
    case 'skipped':
      return `skipped, it is not a ${policyKind}`;
    case 'judged':
      return finding.message === '' ? 'judged' : `judged; ${finding.message}`;
    case 'refused':
      return finding.message;
  }
}
