import { readFileSync } from 'node:fs';
import path from 'node:path';

const PAGE = path.join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'security.md');

/** One cell of a table of the page: what stands left of it, what above it, and what it says. */
export type Cell = { readonly row: string; readonly column: string; readonly says: string };

/** The cells of the table below `<!-- matrix: name -->`, without the marks of code. Throws where there is no such table. */
export function readMatrix(name: string): readonly Cell[] {
  const [, after] = readFileSync(PAGE, 'utf8').split(`<!-- matrix: ${name} -->\n`);
  const lines = (after ?? '').split('\n');
  const rows = lines.slice(0, lines.indexOf('')).map(cellsOf);
  const [head, , ...body] = rows;
  if (head === undefined || body.length === 0) throw new Error(`docs/security.md has no table ${name}`);
  return body.flatMap(([row = '', ...cells]) =>
    cells.map((says, index) => ({ row, column: head[index + 1] ?? '', says })),
  );
}

function cellsOf(line: string): readonly string[] {
  const cells = line.split('|').slice(1, -1);
  return cells.map((cell) => cell.replaceAll('`', '').trim());
}
