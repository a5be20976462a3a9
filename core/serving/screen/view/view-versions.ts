import { formatCount, formatPercent } from '../../../report/format-number.ts';
import type { ArmTotals } from '../../../rollout/evidence/observation.ts';
import type { Traffic } from '../../api.ts';
import type { ModelOutlook } from '../outlook.ts';
import { type Arm, cell, columns, type TableCell, type TableView } from './view.ts';
import { NOTHING_KNOWN, sayAgo, sayMs } from './words.ts';

/** A version's part of the bar. */
type ShareView = { readonly arm: Arm; readonly version: string; readonly percent: number };

/** Who answers what part of a model's requests, in words and as parts of a bar. */
export type SharesView = { readonly parts: readonly ShareView[]; readonly notes: readonly string[] };

/** See `SharesView`. */
export function viewShares(traffic: Traffic, { stickyHeader, pinned = {} }: ModelOutlook): SharesView {
  const { stable, candidate, candidatePercent, shadow } = traffic;
  const parts: readonly ShareView[] = [
    ...(stable === undefined
      ? []
      : [{ arm: 'stable', version: stable, percent: 100 - candidatePercent } as const]),
    ...(candidate === undefined
      ? []
      : [{ arm: 'candidate', version: candidate, percent: candidatePercent } as const]),
  ];
  const braked = (traffic.braked ?? []).map(
    ({ version, code }) =>
      `Version ${version} was braked (${code}): it gets requests again only by a person's word.`,
  );
  return {
    parts,
    notes: [
      ...(shadow ? [`v${candidate} gets a copy of every request; its answers are dropped.`] : []),
      ...(stickyHeader === undefined
        ? []
        : [`Requests with the same ${stickyHeader} go to the same version, while shares hold.`]),
      ...Object.entries(pinned).map(
        ([version, count]) =>
          `v${version} was pinned by ${formatCount(count)} ${count === 1 ? 'request' : 'requests'}, golden examples among them, which are no evidence.`,
      ),
      ...new Set(braked),
    ],
  };
}

type Seen = Readonly<Record<string, ArmTotals>>;

/** What became of each version's requests, and how long its answers took. */
export function viewVersions(
  traffic: Traffic,
  seen: Seen,
  { latency, rollout }: ModelOutlook,
  nowMs: number,
): TableView {
  const roles: Readonly<Record<string, Arm>> = {
    ...(traffic.candidate !== undefined && { [traffic.candidate]: 'candidate' }),
    ...(traffic.stable !== undefined && { [traffic.stable]: 'stable' }),
  };
  const since =
    rollout === undefined
      ? `Requests since there is no rollout; latency of the last hour`
      : `Requests and latency since the rollout began ${sayAgo(latency.since, nowMs)}`;
  return {
    caption: since,
    columns: columns(
      'Version',
      'Role',
      '#Requests',
      '#Errors 5xx',
      '#Never answered',
      '#Client’s 4xx',
      '#Invalid',
      '#p50',
      '#p95',
      '#p99',
    ),
    rows: Object.entries(seen).map(([version, totals]) => {
      const role = roles[version];
      const quantiles = role === undefined ? undefined : latency[role];
      return [
        cell(`v${version}`),
        cell(role ?? 'earlier'),
        ...viewTotals(totals),
        ...[quantiles?.p50, quantiles?.p95, quantiles?.p99].map((ms) => cell(sayMs(ms))),
      ];
    }),
    empty: 'Nothing was counted yet.',
  };
}

/** Requests, and each class of what went wrong with its share of them. */
function viewTotals({ requests, errors, unanswered, refused, invalid }: ArmTotals): readonly TableCell[] {
  return [
    cell(formatCount(requests)),
    cell(sayBad(errors - unanswered, requests)),
    cell(sayBad(unanswered, requests)),
    cell(sayBad(refused, requests)),
    cell(sayBad(invalid, requests)),
  ];
}

/** `13 (2.2%)`. */
export function sayBad(bad: number, requests: number): string {
  if (requests === 0) return NOTHING_KNOWN;
  return bad === 0 ? '0' : `${formatCount(bad)} (${formatPercent(bad / requests)})`;
}
