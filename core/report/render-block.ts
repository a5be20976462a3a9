import { drawChart } from './draw-chart.ts';
import {
  codeBlock,
  codeSpan,
  escapeHtml,
  escapeLineStart,
  escapeMarkdown,
  fitsCodeSpan,
  isWebAddress,
  markdownLink,
} from './escape-markdown.ts';
import type { Block, Column, Span, Text } from './report.ts';
import { shorten } from './shorten.ts';

const UNCUT = Number.POSITIVE_INFINITY;

type Table = Extract<Block, { readonly kind: 'table' }>;

/** Blocks as GitHub Markdown, whole and however long: for what is not sent to GitHub, such as a terminal. */
export function renderBlocks(blocks: readonly Block[]): string {
  return joinBlocks(blocks.map((block) => renderBlock(block)));
}

/** One block as GitHub Markdown. Texts longer than `longest` characters end early, with an ellipsis. */
export function renderBlock(block: Block, longest = UNCUT): string {
  switch (block.kind) {
    case 'heading':
      return `#### ${renderText(block.text, longest)}`;
    case 'paragraph':
      return renderLine(block.text, longest);
    case 'warning':
      return `> [!WARNING]\n> ${renderLine(block.text, longest)}`;
    case 'list':
      return block.items.map((item) => `- ${renderLine(item, longest)}`).join('\n');
    case 'table':
      return renderTable(block, longest);
    case 'code':
      return codeBlock(block.text);
    case 'chart':
      return drawnBlock(drawChart(block));
    case 'details': {
      const head = `<details><summary>${escapeHtml(shorten(block.title, longest))}</summary>`;
      return joinBlocks([head, ...block.blocks.map((inner) => renderBlock(inner, longest)), '</details>']);
    }
  }
}

function drawnBlock(lines: string | undefined): string {
  return lines === undefined ? '' : `\`\`\`mermaid\n${lines}\n\`\`\``;
}

/** Parts of a document, set apart so that each begins anew for Markdown. */
export function joinBlocks(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n\n');
}

/** The text as Markdown that goes on in a line. */
export function renderText(text: Text, longest = UNCUT): string {
  return mergeSpans(text)
    .map((span) => renderSpan(span, longest))
    .join('')
    .trim();
}

function renderLine(text: Text, longest: number): string {
  return escapeLineStart(renderText(text, longest));
}

/** What is one text for the reader is escaped as one: a mention may be written in two pieces. */
function mergeSpans(text: Text): readonly Span[] {
  if (typeof text === 'string') return [text];
  const merged: Span[] = [];
  for (const span of text.map(plainUnlessFit)) {
    const last = merged.at(-1);
    if (typeof last === 'string' && typeof span === 'string') merged[merged.length - 1] = last + span;
    else merged.push(span);
  }
  return merged;
}

/** A link to nowhere and code that can't be shown as code are texts like others. */
function plainUnlessFit(span: Span): Span {
  if (typeof span === 'string' || span.kind === 'strong') return span;
  const isFit = span.kind === 'link' ? isWebAddress(span.url) : fitsCodeSpan(span.text);
  return isFit ? span : span.text;
}

function renderSpan(span: Span, longest: number): string {
  if (typeof span === 'string') return escapeMarkdown(shorten(span, longest));
  const text = shorten(span.text, longest);
  switch (span.kind) {
    case 'strong': {
      const strong = escapeMarkdown(text).trim();
      return strong === '' ? '' : `**${strong}**`;
    }
    case 'code':
      return codeSpan(text);
    case 'link':
      return markdownLink(text, span.url);
  }
}

function renderTable({ columns, rows }: Table, longest: number): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const titles = columns.map((column) =>
    renderText(typeof column === 'string' ? column : column.title, longest),
  );
  const head = titles.every((title) => title === '') ? `|${' |'.repeat(titles.length)}` : line(titles);
  const body = rows.map((row) => line(row.map((cell) => renderText(cell, longest))));
  return [head, `|${columns.map(renderRule).join('|')}|`, ...body].join('\n');
}

function renderRule(column: Column): string {
  return typeof column === 'string' ? '---' : '---:';
}
