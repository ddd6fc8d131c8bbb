import { kindKey } from './fields.ts';
import { nodes, type SchemaNode } from './schema-tree.ts';

/** The fields of a part of the schema (`spec`, `status`) as a Markdown table: what docs/policy.md shows. */
export function fieldTable(part: 'spec' | 'status'): string {
  const rows = [...nodes()]
    .filter(({ path }) => path.startsWith(`${part}.`) && !/(\[\]|\{\})$/.test(path))
    .map(({ path, node, required }) =>
      row(
        `\`${path.slice(part.length + 1)}\``,
        typeName(node),
        preset(node, required && part === 'spec'),
        node.description ?? '',
      ),
    );
  const head = part === 'spec' ? 'Default' : '';
  return [row('Field', 'Type', head, 'Meaning'), row('---', '---', '---', '---'), ...rows]
    .map((line) => (part === 'spec' ? line : line.replace(/^(\|[^|]*\|[^|]*\|)[^|]*\|/, '$1')))
    .join('\n');
}

/** The text with what stands between the markers of a table replaced by the table. */
export function withTable(text: string, part: 'spec' | 'status'): string {
  const [begin, end] = [`<!-- ${part} fields: generated -->`, `<!-- end of ${part} fields -->`];
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`The text has no markers "${begin}" and "${end}".`);
  return `${text.slice(0, from)}${begin}\n\n${fieldTable(part)}\n\n${text.slice(to)}`;
}

function row(...cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function typeName(node: SchemaNode): string {
  if (node.enum !== undefined) return node.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (node[kindKey] === 'Duration') return 'duration';
  if (node[kindKey] === 'Amount') return 'amount';
  if (node.items !== undefined) return 'list';
  if (node.additionalProperties !== undefined) return 'map';
  if (node['format'] === 'date-time') return 'time';
  return node.type ?? '';
}

function preset(node: SchemaNode, required: boolean): string {
  if (node.default === undefined) return required ? 'required' : '';
  return typeof node.default === 'object' ? '' : `\`${JSON.stringify(node.default).replaceAll('"', '')}\``;
}
