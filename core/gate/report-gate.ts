import { alignRight, type Block, type Report, type Text } from '../report/report.ts';
import { formatSign, GATE_SIGNS } from '../report/signs.ts';
import { describeBoxes } from './boxes.ts';
import type { Check, GroupRow, SliceRow } from './check.ts';
import type { GateFigure } from './figures/figure.ts';
import { formatChange, formatCount, formatSize, formatValue } from './format-value.ts';
import type { GateResult } from './gate-input.ts';
import type { Unit } from './metrics/metric.ts';

const MOST_SLICES = 30;
const ORDER = { fail: 0, inconclusive: 1, pass: 2 } as const;
const CHANGE = 'Change, + is better [95% bounds]';

/**
 * What is told beside the result: notes on what it was judged by, what the rules of the commit itself would make of it, the figures, and where
 * the files of these are kept.
 */
type Told = {
  readonly notes?: readonly string[];
  readonly proposed?: GateResult;
  readonly figures?: readonly GateFigure[];
  readonly kept?: { readonly url: string; readonly folder: string };
};

/**
 * The result for people: the verdict's sentence, the checks (failing first), what would settle it, in what boxes the code ran and
 * other notes, where its pictures are, folded details with the same in letters, and how to judge it again.
 */
export function reportGate(
  result: GateResult,
  { notes = [], proposed, figures = [], kept }: Told = {},
): Report {
  const checks = [...result.checks].sort((a, b) => ORDER[a.verdict] - ORDER[b.verdict]);
  const settling = result.toSettle.filter((line) => !result.problems.some(({ remedy }) => remedy === line));
  return {
    sign: GATE_SIGNS[result.verdict],
    blocks: [
      { kind: 'paragraph', text: splitHeadline(result.headline) },
      ...listOf(result.problems.map(({ message, remedy }) => `${message} ${remedy}`)),
      ...tableOf(checks),
      ...listOf(settling, result.verdict === 'pass' ? 'Worth doing:' : 'What would settle it:'),
      ...listOf(
        [...(result.boxes === undefined ? [] : describeBoxes(result.boxes)), ...notes],
        'How it was judged:',
      ),
      ...(proposed === undefined ? [] : besides(proposed)),
      ...picturesOf(figures, kept),
      ...checks.flatMap((check) => [...slicesOf(check), ...groupsOf(check)]),
      ...detailsOf('Reasons', listOf(checks.flatMap(reasonsOf))),
      ...figures.flatMap(({ title, blocks }) => detailsOf(title, blocks)),
    ],
    foot: reproductionOf(result),
  };
}

/** What the same answers come to by rules that are not in force. */
function besides({ headline, checks, problems }: GateResult): readonly Block[] {
  const ours = { kind: 'strong', text: 'By the rules that this commit writes' } as const;
  return [
    {
      kind: 'paragraph',
      text: [ours, ` the verdict would be: ${headline} They decide nothing before they are merged.`],
    },
    ...detailsOf('Checks by the rules that this commit writes', [
      ...tableOf(checks),
      ...listOf(problems.map(({ message, remedy }) => `${message} ${remedy}`)),
    ]),
  ];
}

/** The verdict's word before the colon stands out. */
function splitHeadline(sentence: string): Text {
  const colon = Math.max(0, sentence.indexOf(': '));
  return [{ kind: 'strong', text: sentence.slice(0, colon) }, sentence.slice(colon)];
}

function listOf(items: readonly Text[], title?: string): readonly Block[] {
  if (items.length === 0) return [];
  const list = { kind: 'list', items } as const;
  return title === undefined ? [list] : [{ kind: 'paragraph', text: title }, list];
}

function detailsOf(title: string, blocks: readonly Block[]): readonly Block[] {
  return blocks.length === 0 ? [] : [{ kind: 'details', title, blocks }];
}

function tableOf(checks: readonly Check[]): readonly Block[] {
  if (checks.length === 0) return [];
  const columns = ['Check', ...['Champion', 'Challenger', CHANGE].map(alignRight), 'Need', 'Verdict'];
  return [{ kind: 'table', columns, rows: checks.map(rowOf) }];
}

/** GitHub shows no picture that a job has made in a summary or a comment: they are linked to, and their numbers follow. */
function picturesOf(figures: readonly GateFigure[], kept: Told['kept']): readonly Block[] {
  if (kept === undefined || figures.length === 0) return [];
  const files = figures.map(({ title, file }) => `${title} (${file})`).join(', ');
  const link = { kind: 'link', text: kept.folder, url: kept.url } as const;
  const text = ['Pictures: ', `${files}, in the artifacts of the run, `, link, '.'];
  return [{ kind: 'paragraph', text }];
}

function rowOf(check: Check): readonly string[] {
  const unit = check.unit ?? 'number';
  return [
    `${check.metric} (${check.rule}${check.asLogged === undefined ? '' : ', as the run says'})`,
    valueCell(check.champion, unit),
    valueCell(check.challenger, unit),
    changeCell(check.change, unit),
    check.need,
    formatSign(check.verdict),
  ];
}

function valueCell(value: number | undefined, unit: Unit): string {
  return value === undefined ? '' : formatValue(value, unit);
}

function changeCell(change: Check['change'], unit: Unit): string {
  if (change === undefined) return '';
  const { estimate, interval } = change;
  return `${formatChange(estimate, unit)} [${formatChange(interval.low, unit)}, ${formatChange(interval.high, unit)}]`;
}

function slicesOf({ slices, unit = 'number', metric, need }: Check): readonly Block[] {
  if (slices === undefined) return [];
  const sorted = [...slices].sort((a, b) => orderOf(a) - orderOf(b) || b.rows - a.rows);
  const rest = sorted.length - MOST_SLICES;
  const columns = [
    'Slice',
    ...['Rows', 'Champion', 'Challenger', CHANGE, 'Resolves'].map(alignRight),
    'Verdict',
  ];
  const rows = sorted.slice(0, MOST_SLICES).map((slice) => sliceRow(slice, unit));
  return detailsOf(`Slices: ${metric} (${need})`, [
    { kind: 'table', columns, rows },
    ...(rest > 0
      ? [{ kind: 'paragraph', text: `and ${rest} more slices in the evidence file.` } as const]
      : []),
  ]);
}

function sliceRow(slice: SliceRow, unit: Unit): readonly string[] {
  return [
    slice.slice,
    formatCount(slice.rows),
    valueCell(slice.champion, unit),
    valueCell(slice.challenger, unit),
    changeCell(slice.change, unit),
    slice.resolvable === undefined ? '' : formatSize(slice.resolvable, unit),
    slice.verdict === undefined ? 'too few rows' : formatSign(slice.verdict),
  ];
}

function orderOf(slice: SliceRow): number {
  return slice.verdict === undefined ? 3 : ORDER[slice.verdict];
}

function groupsOf({ groups, metric }: Check): readonly Block[] {
  if (groups === undefined) return [];
  const columns = ['Group', 'Outcome', alignRight('Rows'), alignRight('Rate')];
  const rows = groups.slice(0, MOST_SLICES).map(groupRow);
  return detailsOf(`Groups: ${metric}`, [{ kind: 'table', columns, rows }]);
}

function groupRow({ group, outcome, rows, rate, judged }: GroupRow): readonly string[] {
  const counted = judged ? formatCount(rows) : `${formatCount(rows)} (too few to judge)`;
  return [group, outcome, counted, formatValue(rate, 'rate')];
}

function reasonsOf(check: Check): readonly Text[] {
  return check.reasons.map(({ message, code }) => [`${message} (`, { kind: 'code', text: code }, ')']);
}

function reproductionOf({ holdout, seed, reproduce }: GateResult): readonly Block[] {
  const judged = `judged ${formatCount(holdout.gatesSoFar)} times before`;
  return detailsOf('How to reproduce', [
    { kind: 'paragraph', text: `Holdout ${holdout.digest}, ${judged}; seed ${seed}.` },
    { kind: 'code', text: reproduce },
  ]);
}
