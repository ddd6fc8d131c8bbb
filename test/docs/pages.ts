import { globSync, readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';

/** One Markdown file of the repository. */
export interface Page {
  /** Path from the root of the repository. */
  readonly path: string;
  readonly text: string;
}

/** A fenced block of code in a page. */
export interface Block {
  readonly page: string;
  /** Line on which the block opens, from 1. */
  readonly line: number;
  /** `yaml`, `console`, …; empty: none given. */
  readonly language: string;
  readonly code: string;
}

/** An object in a YAML file or block, and where it stands. */
export interface YamlObject {
  readonly place: string;
  readonly value: unknown;
}

/** README, change log and everything under docs/. */
export function readPages(): readonly Page[] {
  return ['README.md', 'CHANGELOG.md', ...globSync('docs/**/*.md').toSorted()].map((path) => ({
    path,
    text: readFileSync(path, 'utf8'),
  }));
}

/** The fenced blocks of a page. */
export function blocksOf({ path, text }: Page): readonly Block[] {
  const blocks: Block[] = [];
  let open: { readonly line: number; readonly language: string; readonly lines: string[] } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^\s*```(\w*)\s*$/.exec(line);
    if (fence === null) open?.lines.push(line);
    else if (open === undefined) open = { line: index + 1, language: fence[1] ?? '', lines: [] };
    else {
      blocks.push({ page: path, line: open.line, language: open.language, code: open.lines.join('\n') });
      open = undefined;
    }
  }
  return blocks;
}

/** The text of a page without its fenced blocks and, unless `inline`, without `code` in its lines. */
export function proseOf({ text }: Page, inline = false): string {
  const prose = text.replaceAll(/^\s*```[^]*?^\s*```\s*$/gm, '');
  return inline ? prose : prose.replaceAll(/`[^`\n]*`/g, '');
}

/** Anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(page: Page): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of proseOf(page, true).matchAll(/^#{1,6} +(.+)$/gm)) {
    const slug = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
      .trim()
      .replaceAll(' ', '-');
    let anchor = slug;
    for (let again = 1; anchors.has(anchor); again += 1) anchor = `${slug}-${again}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** Targets of the Markdown links of a page. */
export function linksOf(page: Page): readonly string[] {
  return [...proseOf(page).matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)].flatMap(([, target]) => target ?? []);
}

/** The objects of a YAML text; throws where it is not YAML. */
export function objectsIn(text: string, place: string): readonly YamlObject[] {
  return parseAllDocuments(text).flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw new Error(`${place}: ${error.message}`);
    const value: unknown = document.toJS();
    return value === null ? [] : [{ place, value }];
  });
}

/** The YAML blocks of all pages and the YAML files under docs/examples. */
export function yamlObjects(): readonly YamlObject[] {
  const blocks = readPages()
    .flatMap(blocksOf)
    .filter(({ language }) => language === 'yaml');
  return [
    ...blocks.flatMap(({ page, line, code }) => objectsIn(code, `${page}:${line}`)),
    ...globSync('docs/examples/**/*.yaml')
      .toSorted()
      .flatMap((path) => objectsIn(readFileSync(path, 'utf8'), path)),
  ];
}
