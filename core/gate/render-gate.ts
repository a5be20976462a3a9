import { escapeHtml, escapeMarkdown } from '../report/escape-markdown.ts';
import type { Check, GroupRow, SliceRow } from './check.ts';
import { formatChange, formatCount, formatSize, formatValue } from './format-value.ts';
import type { GateResult } from './gate-input.ts';
import type { Unit } from './metrics/metric.ts';

/** GitHub takes comments of 65 536 characters; a reader takes far fewer. */
const MOST_CHARACTERS = 20_000;
const MOST_SLICES = 30;
const ORDER = { fail: 0, inconclusive: 1, pass: 2 } as const;
const WORDS = { fail: '❌ fail', inconclusive: '❔ inconclusive', pass: '✅ pass' } as const;

/**
 * The result as Markdown for a comment or a job summary: the verdict's sentence, the checks (failing first), what would settle it,
 * `notes` on what it was judged by, folded details.
 */
export function renderGate(result: GateResult, notes: readonly string[] = []): string {
  const checks = [...result.checks].sort((a, b) => ORDER[a.verdict] - ORDER[b.verdict]);
  const head = [
    headline(result.headline),
    '',
    ...problemLines(result),
    ...table(checks),
    ...settleLines(result),
    ...noteLines(notes),
  ];
  const tail = details('How to reproduce', reproduction(result));
  const folded = [...checks.flatMap(detailsOf), ...details('Reasons', checks.flatMap(reasonLines))];
  return withinLimit(head, folded, tail);
}

function headline(sentence: string): string {
  const colon = sentence.indexOf(': ');
  return `**${escapeMarkdown(sentence.slice(0, colon))}**${escapeMarkdown(sentence.slice(colon))}`;
}

function problemLines(result: GateResult): string[] {
  if (result.problems.length === 0) return [];
  return [
    ...result.problems.map(({ message, remedy }) => `- ${escapeMarkdown(message)} ${escapeMarkdown(remedy)}`),
    '',
  ];
}

function table(checks: readonly Check[]): string[] {
  if (checks.length === 0) return [];
  return [
    '| Check | Champion | Challenger | Change, + is better [95% bounds] | Need | Verdict |',
    '| --- | ---: | ---: | ---: | --- | --- |',
    ...checks.map(rowOf),
    '',
  ];
}

function rowOf(check: Check): string {
  const unit = check.unit ?? 'number';
  const value = (number: number | undefined): string =>
    number === undefined ? '' : formatValue(number, unit);
  const cells = [
    `${escapeMarkdown(check.metric)} (${escapeMarkdown(check.rule)})`,
    value(check.champion),
    value(check.challenger),
    changeCell(check.change, unit),
    escapeMarkdown(check.need),
    WORDS[check.verdict],
  ];
  return `| ${cells.join(' | ')} |`;
}

function changeCell(change: Check['change'], unit: Unit): string {
  if (change === undefined) return '';
  const { estimate, interval } = change;
  return `${formatChange(estimate, unit)} [${formatChange(interval.low, unit)}, ${formatChange(interval.high, unit)}]`;
}

function settleLines(result: GateResult): string[] {
  const lines = result.toSettle.filter((line) => !result.problems.some(({ remedy }) => remedy === line));
  if (lines.length === 0) return [];
  const title = result.verdict === 'pass' ? 'Worth doing:' : 'What would settle it:';
  return [title, ...lines.map((line) => `- ${escapeMarkdown(line)}`), ''];
}

function noteLines(notes: readonly string[]): string[] {
  return notes.length === 0 ? [] : [...notes.map((note) => `- ${escapeMarkdown(note)}`), ''];
}

function detailsOf(check: Check): string[] {
  return [...slicesOf(check), ...groupsOf(check)];
}

function slicesOf(check: Check): string[] {
  const { slices } = check;
  if (slices === undefined) return [];
  const unit = check.unit ?? 'number';
  const sorted = [...slices].sort((a, b) => orderOf(a) - orderOf(b) || b.rows - a.rows);
  const rest = sorted.length - MOST_SLICES;
  const lines = [
    '| Slice | Rows | Champion | Challenger | Change, + is better [95% bounds] | Resolves | Verdict |',
    '| --- | ---: | ---: | ---: | ---: | ---: | --- |',
    ...sorted.slice(0, MOST_SLICES).map((slice) => sliceLine(slice, unit)),
    ...(rest > 0 ? ['', `and ${rest} more slices in the evidence file.`] : []),
  ];
  return details(`Slices: ${check.metric} (${check.need})`, lines);
}

function sliceLine(slice: SliceRow, unit: Unit): string {
  const value = (number: number | undefined): string =>
    number === undefined ? '' : formatValue(number, unit);
  const cells = [
    escapeMarkdown(slice.slice),
    formatCount(slice.rows),
    value(slice.champion),
    value(slice.challenger),
    changeCell(slice.change, unit),
    slice.resolvable === undefined ? '' : formatSize(slice.resolvable, unit),
    slice.verdict === undefined ? 'too few rows' : WORDS[slice.verdict],
  ];
  return `| ${cells.join(' | ')} |`;
}

function orderOf(slice: SliceRow): number {
  return slice.verdict === undefined ? 3 : ORDER[slice.verdict];
}

function groupsOf(check: Check): string[] {
  const { groups } = check;
  if (groups === undefined) return [];
  const lines = [
    '| Group | Outcome | Rows | Rate |',
    '| --- | --- | ---: | ---: |',
    ...groups.slice(0, MOST_SLICES).map(groupLine),
  ];
  return details(`Groups: ${check.metric}`, lines);
}

function groupLine({ group, outcome, rows, rate, judged }: GroupRow): string {
  const counted = judged ? formatCount(rows) : `${formatCount(rows)} (too few to judge)`;
  return `| ${escapeMarkdown(group)} | ${escapeMarkdown(outcome)} | ${counted} | ${formatValue(rate, 'rate')} |`;
}

function reasonLines(check: Check): string[] {
  return check.reasons.map(({ message, code }) => `- ${escapeMarkdown(message)} (\`${code}\`)`);
}

function reproduction(result: GateResult): string[] {
  const { holdout, seed, reproduce } = result;
  return [
    `Holdout ${escapeMarkdown(holdout.digest)}, judged ${formatCount(holdout.gatesSoFar)} times before; seed ${escapeMarkdown(seed)}.`,
    '',
    '```sh',
    reproduce.replaceAll('```', ''),
    '```',
  ];
}

function details(summary: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  return [`<details><summary>${escapeHtml(summary)}</summary>`, '', ...lines, '', '</details>', ''];
}

/** Leaves out what is folded before it would leave out a check. */
function withinLimit(head: readonly string[], folded: readonly string[], tail: readonly string[]): string {
  const whole = [...head, ...folded, ...tail].join('\n');
  if (whole.length <= MOST_CHARACTERS) return whole;
  const note = 'The details are longer than a comment can hold; they are in the evidence file.';
  const short = [...head, note, '', ...tail].join('\n');
  if (short.length <= MOST_CHARACTERS) return short;
  return `${short.slice(0, MOST_CHARACTERS - note.length - 2)}\n\n${note}`;
}
