import { formatCount, formatDecimal, formatPercent } from '../../report/format-number.ts';
import { toLine } from '../../report/plain-text.ts';
import { NOTHING_KNOWN, sayAgo, sayMs } from '../screen/view/words.ts';
import type { FleetHost, FleetView } from './view-fleet.ts';

/** A column, and whether it holds numbers, which stand to the right. */
export const FLEET_COLUMNS = [
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

/** How many hosts answer, of how many. */
export function fleetSummary({ hosts }: FleetView): string {
  const live = hosts.filter(({ state }) => state === 'live').length;
  return `${live} of ${hosts.length} hosts answer`;
}

/** What the table says of a host, a row for each version that answers there; one row that says why where there is none. */
export function fleetRows(one: FleetHost): readonly (readonly string[])[] {
  const name = nameOf(one);
  const mark = one.state === 'silent' ? ' (silent)' : '';
  if (one.rows.length === 0) {
    const why = { live: 'serves nothing yet', silent: 'silent', waiting: 'not heard of yet' }[one.state];
    return [[name, why, ...Array(FLEET_COLUMNS.length - 2).fill('')]];
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

/** What hosts warn of, and which are silent since when, the silent ones first. */
export function fleetNotes({ hosts, at }: FleetView): readonly string[] {
  const nowMs = Date.parse(at);
  const silent = hosts.flatMap((one) =>
    one.state === 'silent' && one.since !== undefined
      ? [`${nameOf(one)} is silent since ${one.since}, ${sayAgo(one.since, nowMs)}: ${toLine(one.why ?? '')}`]
      : [],
  );
  const warned = hosts.flatMap((one) => one.warnings.map((text) => `${nameOf(one)}: ${toLine(text)}`));
  return [...silent, ...warned];
}
