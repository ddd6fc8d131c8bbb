import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments } from 'yaml';
import { SpillwayError } from '../errors.ts';
import { isRecord, type Segments } from '../policy/schema-tree.ts';

/** An object of a file, and how to find its parts there. */
export interface Manifest {
  readonly file: string;
  readonly value: unknown;
  /** Where a part stands, or the nearest thing around it that exists; lines and columns count from 1. */
  readonly position: (at: Segments) => Position;
}

export interface Position {
  readonly line: number;
  readonly column: number;
}

/**
 * The objects of a YAML or JSON file: of all its documents, and of Lists in them. `file` is only for messages. Throws
 * CHECK_NOT_TEXT, CHECK_NOT_YAML or CHECK_EMPTY.
 */
export function readManifests(file: string, bytes: Uint8Array): readonly Manifest[] {
  const lines = new LineCounter();
  // Merge keys are YAML 1.1, and every Kubernetes client takes them.
  const documents = parseAllDocuments(textOf(file, bytes), {
    lineCounter: lines,
    merge: true,
    prettyErrors: false,
  });
  const manifests = (Array.isArray(documents) ? documents : []).flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) {
      const { line, col } = lines.linePos(error.pos[0]);
      throw new SpillwayError('CHECK_NOT_YAML', { file, line, column: col, problem: reason(error.message) });
    }
    return objectsOf(document, file, lines);
  });
  if (manifests.length === 0) throw new SpillwayError('CHECK_EMPTY', { file });
  return manifests;
}

function textOf(file: string, bytes: Uint8Array): string {
  // YAML has no NUL, and what is not UTF-8 is not a manifest.
  if (bytes.includes(0)) throw new SpillwayError('CHECK_NOT_TEXT', { file });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new SpillwayError('CHECK_NOT_TEXT', { file }, cause);
  }
}

function objectsOf(document: Document, file: string, lines: LineCounter): readonly Manifest[] {
  const value = plain(document, file, lines);
  if (value === null || value === undefined) return [];
  const manifest = (value: unknown, prefix: Segments): Manifest => ({
    file,
    value,
    position: (at) => positionIn(document, [...prefix, ...at], lines),
  });
  const isList = isRecord(value) && typeof value['kind'] === 'string' && value['kind'].endsWith('List');
  if (!isList || !Array.isArray(value['items'])) return [manifest(value, [])];
  return value['items'].map((item, index) => manifest(item, ['items', index]));
}

/** The document as JSON values. Too many aliases are refused: they can make a small file a huge value. */
function plain(document: Document, file: string, lines: LineCounter): unknown {
  try {
    return document.toJS() as unknown;
  } catch (cause) {
    const { line, col } = lines.linePos(document.range?.[0] ?? 0);
    throw new SpillwayError(
      'CHECK_NOT_YAML',
      { file, line, column: col, problem: 'its aliases cannot be resolved' },
      cause,
    );
  }
}

function positionIn(document: Document, at: Segments, lines: LineCounter): Position {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? document.range?.[0] ?? 0;
  for (const segment of at) {
    const [next, start] = step(node, segment);
    if (start === undefined) break;
    offset = start;
    node = next;
  }
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

/** A child and where it starts: a field at its key, an item at its value. */
function step(node: unknown, segment: string | number): readonly [unknown, number | undefined] {
  if (isSeq(node) && typeof segment === 'number') {
    const item = node.items[segment];
    return [item, startOf(item)];
  }
  if (!isMap(node)) return [undefined, undefined];
  const pair = node.items.find(({ key }) => (isScalar(key) ? String(key.value) : key) === segment);
  return [pair?.value, startOf(pair?.key)];
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}

/** The first line of a parser's message, without the dot that our sentence adds. */
function reason(message: string): string {
  return (message.split('\n')[0] ?? '').replace(/[.:\s]+$/, '');
}
