/** One cell: numbers stand to the right, words to the left. */
export type Cell = string | { readonly right: string };

/**
 * Rows as aligned lines, indented by two spaces, two between columns; nothing trails. Control characters are left out:
 * texts of the cluster must not steer a terminal.
 */
export function tableLines(rows: readonly (readonly Cell[])[]): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, textOf(cell).length);
    }
  }
  return rows.map((row) => {
    const cells = row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return typeof cell === 'string' ? textOf(cell).padEnd(width) : textOf(cell).padStart(width);
    });
    return `  ${cells.join('  ')}`.trimEnd();
  });
}

/** The text without control characters. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ');
}

function textOf(cell: Cell): string {
  return printable(typeof cell === 'string' ? cell : cell.right);
}
