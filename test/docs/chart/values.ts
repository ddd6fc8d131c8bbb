import { readFileSync } from 'node:fs';
import { isMap, isScalar, parseDocument, type YAMLMap } from 'yaml';

/** One value that somebody may set. */
export interface ChartValue {
  /** `image.repository`. */
  readonly path: string;
  /** What values.yaml says above it. */
  readonly description: string;
  readonly fallback: unknown;
}

const file = 'charts/spillway/values.yaml';

/** The values of the chart that carry a comment, in the order of the file. */
export function chartValues(): readonly ChartValue[] {
  const { contents } = parseDocument(readFileSync(file, 'utf8'));
  if (!isMap(contents)) throw new Error(`${file} is no map.`);
  return valuesOf(contents, '');
}

function valuesOf(map: YAMLMap, prefix: string): readonly ChartValue[] {
  return map.items.flatMap(({ key, value }, index) => {
    if (!isScalar(key)) throw new Error(`${file}: a key below ${prefix} is no text.`);
    const path = `${prefix}${String(key.value)}`;
    // The parser hangs the comment of the first pair on the map, others on the key.
    const comment = (index === 0 ? map.commentBefore : undefined) ?? key.commentBefore ?? '';
    const [, description] = / -- ([^]*)$/.exec(comment) ?? [];
    if (description !== undefined) {
      const fallback: unknown = isScalar(value) ? value.value : toJs(value);
      return [{ path, description: description.replaceAll(/\s*\n\s*/g, ' ').trim(), fallback }];
    }
    if (isMap(value)) return valuesOf(value, `${path}.`);
    throw new Error(`${file}: ${path} has no comment that begins with "--".`);
  });
}

function toJs(value: unknown): unknown {
  return isMap(value) || hasToJson(value) ? (value as { toJSON(): unknown }).toJSON() : value;
}

function hasToJson(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'toJSON' in value;
}
