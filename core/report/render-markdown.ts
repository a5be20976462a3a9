import type { Verdict } from '../verdict.ts';
import { codeBlock, escapeHtml, escapeMarkdown, markdownLink } from './escape-markdown.ts';
import type { Report, ReportSection, Table } from './report.ts';

/** GitHub takes 65,536 characters in a comment; the rest is for what it adds. */
export const MAX_COMMENT_CHARACTERS = 60_000;

export type MarkdownOptions = {
  /** The most characters the result may have. */
  readonly limit?: number;
  /** Names the comment, so that it can be found and updated in place: `commentMarker`. */
  readonly marker?: string;
  /** Where the whole report is, named when it had to be cut. */
  readonly fullReport?: string;
};

const SIGNS: Readonly<Record<Verdict, string>> = { pass: '✅', fail: '❌', inconclusive: '⚠️' };

/** The invisible mark of the one comment that is updated in place: one per name, such as `mnist/deploy/production`. */
export function commentMarker(name: string): string {
  return `<!-- trainyard:${name.replaceAll(/[^\w./@ -]/g, '').replaceAll('--', '-')} -->`;
}

/** The report as GitHub Markdown, within the limit: what does not fit is left out from the end and said so. */
export function renderMarkdown(report: Report, options: MarkdownOptions = {}): string {
  const { limit = MAX_COMMENT_CHARACTERS, marker, fullReport } = options;
  const head = [...(marker === undefined ? [] : [marker]), renderHead(report)].join('\n');
  const tail = renderTail(report);
  const blocks = report.sections.map(renderSection);
  const whole = join([head, ...blocks, tail]);
  if (whole.length <= limit) return whole;
  const note = truncationNote(fullReport);
  const kept: string[] = [];
  let room = limit - join([head, note, tail]).length;
  for (const block of blocks) {
    room -= block.length + 2;
    if (room < 0) break;
    kept.push(block);
  }
  const cut = join([head, ...kept, note, tail]);
  return cut.length <= limit ? cut : cutHard(head, note, limit);
}

function renderHead(report: Report): string {
  const sign = report.verdict === undefined ? '' : `${SIGNS[report.verdict]} `;
  const title = `### ${sign}${escapeMarkdown(report.title)}`;
  const facts = report.facts.length === 0 ? '' : renderFacts(report.facts);
  return join([title, `**${escapeMarkdown(report.headline)}**`, facts]);
}

function renderFacts(facts: Report['facts']): string {
  const rows = facts.map(([name, value]) => `| ${escapeMarkdown(name)} | ${escapeMarkdown(value)} |`);
  return ['| | |', '|---|---|', ...rows].join('\n');
}

function renderSection(section: ReportSection): string {
  const body = join([
    section.text === undefined ? '' : escapeMarkdown(section.text),
    section.table === undefined ? '' : renderTable(section.table),
    (section.list ?? []).map((item) => `- ${escapeMarkdown(item)}`).join('\n'),
    section.code === undefined ? '' : codeBlock(section.code),
  ]);
  if (section.open === true) return join([`#### ${escapeMarkdown(section.title)}`, body]);
  return `<details><summary>${escapeHtml(section.title)}</summary>\n\n${body}\n\n</details>`;
}

function renderTable({ columns, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escapeMarkdown).join(' | ')} |`;
  return [line(columns), `|${'---|'.repeat(columns.length)}`, ...rows.map(line)].join('\n');
}

function renderTail({ nextSteps, links }: Report): string {
  const steps = nextSteps.map((step) => `- ${escapeMarkdown(step)}`).join('\n');
  return join([
    steps === '' ? '' : `**What you can do now**\n\n${steps}`,
    links.map(({ text, url }) => markdownLink(text, url)).join(' · '),
  ]);
}

function truncationNote(fullReport: string | undefined): string {
  const where =
    fullReport === undefined
      ? 'The whole report is in the job summary.'
      : markdownLink('The whole report', fullReport);
  return `_Cut to fit. ${where}_`;
}

/** The head alone is too long: whole lines of it, as many as fit. */
function cutHard(head: string, note: string, limit: number): string {
  const lines: string[] = [];
  let room = limit - note.length - 2;
  for (const line of head.split('\n')) {
    room -= line.length + 1;
    if (room < 0) break;
    lines.push(line);
  }
  return join([lines.join('\n'), note]).slice(0, limit);
}

function join(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n\n');
}
