import { formatCount, formatDecimal, formatPercent } from '../../report/format-number.ts';
import { toLine } from '../../report/plain-text.ts';
import { NOTHING_KNOWN, sayAgo, sayMs } from '../screen/view/words.ts';
import type { FleetHost, FleetView } from './view-fleet.ts';

/** A column, and whether it holds numbers, which stand to the right. */
const COLUMNS = [
  ['HOST', false],
  ['MODEL', false],
  ['VERSION', false],
  ['SHARE', true],
  ['STAGE', false],
  ['REQ/S', true],
  ['REQUESTS', true],
  ['ERRORS', true],
  ['P95', true],
  ['EVIDENCE', true],
] as const;

/** The fleet as lines of at most so many characters: a table, then what hosts warn of, and which are silent since when. */
export function renderFleet({ at, hosts }: FleetView, width: number): readonly string[] {
  const rows = hosts.flatMap(rowsOf);
  const table = [COLUMNS.map(([name]) => name), ...rows];
  const widths = COLUMNS.map((_, column) => Math.max(...table.map((row) => [...(row[column] ?? '')].length)));
  const lines = table.map((row) =>
    row.map((text, column) => pad(text, column, widths[column] ?? 0)).join('  '),
  );
  return [
    `${at}  ${count(hosts, 'live')} of ${hosts.length} hosts answer`,
    ...lines.map((line) => line.trimEnd()),
    ...notesOf(hosts, at),
  ].map((line) => cut(line, width));
}

function rowsOf(one: FleetHost): readonly (readonly string[])[] {
  const name = nameOf(one);
  const mark = one.state === 'silent' ? ' (silent)' : '';
  if (one.rows.length === 0) {
    const why = { live: 'serves nothing yet', silent: 'silent', waiting: 'not heard of yet' }[one.state];
    return [[name, why, ...Array(COLUMNS.length - 2).fill('')]];
  }
  return one.rows.map((row) => [
    `${name}${mark}`,
    row.model,
    `v${row.version} ${row.arm}`,
    formatPercent(row.percent / 100),
    row.stage === undefined ? '' : `${row.stage.number}/${row.stage.of} ${row.stage.control}`,
    row.requestsPerSecond === undefined ? '' : formatDecimal(row.requestsPerSecond),
    formatCount(row.requests),
    row.requests === 0
      ? NOTHING_KNOWN
      : `${formatCount(row.errors)} (${formatPercent(row.errors / row.requests)})`,
    sayMs(row.p95Ms),
    row.evidenceOfLimit === undefined ? '' : `${formatPercent(row.evidenceOfLimit)} of limit`,
  ]);
}

/** Names of hosts are theirs to choose, and stand on a terminal. */
function nameOf({ host, url }: FleetHost): string {
  return toLine(host ?? url);
}

function notesOf(hosts: readonly FleetHost[], at: string): readonly string[] {
  const nowMs = Date.parse(at);
  const silent = hosts.flatMap((one) =>
    one.state === 'silent' && one.since !== undefined
      ? [
          `! ${nameOf(one)} is silent since ${one.since}, ${sayAgo(one.since, nowMs)}: ${toLine(one.why ?? '')}`,
        ]
      : [],
  );
  const warned = hosts.flatMap((one) => one.warnings.map((text) => `! ${nameOf(one)}: ${toLine(text)}`));
  const notes = [...silent, ...warned];
  return notes.length === 0 ? [] : ['', ...notes];
}

function pad(text: string, column: number, width: number): string {
  const room = ' '.repeat(Math.max(0, width - [...text].length));
  return COLUMNS[column]?.[1] === true ? `${room}${text}` : `${text}${room}`;
}

function cut(line: string, width: number): string {
  const characters = [...line];
  return characters.length <= width ? line : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}

function count(hosts: readonly FleetHost[], state: FleetHost['state']): number {
  return hosts.filter((one) => one.state === state).length;
}
