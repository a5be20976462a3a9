import { toLine } from './plain-text.ts';
import type { Block, Column, Report, Text } from './report.ts';
import { formatSign } from './signs.ts';

/** The report as lines for a terminal: nothing is folded, nothing is markup. */
export function renderPlain({ sign, about, blocks, foot = [] }: Report): readonly string[] {
  const title = formatSign(sign);
  const head = about === undefined ? title : `${title}: ${toLine(about)}`;
  const told = [...blocks, ...foot].map(renderBlockPlain).filter((lines) => lines.length > 0);
  return [head, ...told.flatMap((lines) => ['', ...lines])];
}

function renderBlockPlain(block: Block): readonly string[] {
  switch (block.kind) {
    case 'heading':
      return [plain(block.text).toUpperCase()];
    case 'paragraph':
      return [plain(block.text)];
    case 'warning':
      return [`Warning: ${plain(block.text)}`];
    case 'list':
      return block.items.map((item) => `- ${plain(item)}`);
    case 'table':
      return renderRows(block.columns, block.rows);
    case 'code':
      return block.text.split('\n').map(toLine);
    case 'chart':
      // What it shows stands in words beside it.
      return [];
    case 'details':
      return [toLine(block.title), ...block.blocks.flatMap(renderBlockPlain)];
  }
}

/** A table of facts has no names of columns; its cells stand below each other all the same. */
function renderRows(columns: readonly Column[], rows: readonly (readonly Text[])[]): readonly string[] {
  const titles = columns.map((column) => (typeof column === 'string' ? column : column.title));
  const cells = rows.map((row) => row.map(plain));
  const all = titles.every((title) => title === '') ? cells : [titles, ...cells];
  const widths = titles.map((_, at) => Math.max(0, ...all.map((row) => row[at]?.length ?? 0)));
  return all.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function plain(text: Text): string {
  if (typeof text === 'string') return toLine(text);
  return text
    .map((span) =>
      typeof span === 'string' ? span : span.kind === 'link' ? `${span.text} (${span.url})` : span.text,
    )
    .map(toLine)
    .join('');
}
