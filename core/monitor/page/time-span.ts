import { addSeconds, compareInstants, isBefore } from '../../instant.ts';
import { environmentOf } from '../../ledger/state.ts';
import type { DayMark } from '../../pictures/draw-days.ts';
import type { PageSubject } from './page-subject.ts';

/** So far back pictures go at most, in days. */
const MOST_DAYS = 90;
const LEAST_SECONDS = 3 * 86_400;

/** The time that all pictures of days share: from the first day that anything is known of, 90 days back at most, until now. */
export type TimeSpan = { readonly from: string; readonly to: string };

/** See `TimeSpan`. */
export function spanOf({ input: { now, drift }, evidence }: PageSubject): TimeSpan {
  const starts = [
    ...(drift?.features ?? []).flatMap(({ history }) => history[0]?.from ?? []),
    ...evidence.all.slice(0, 1).map(({ day }) => `${day}T00:00:00Z`),
    ...evidence.accuracy.slice(0, 1).map(({ day }) => `${day}T00:00:00Z`),
    addSeconds(now, -LEAST_SECONDS),
  ].toSorted(compareInstants);
  const most = addSeconds(now, -MOST_DAYS * 86_400);
  const first = starts[0] ?? most;
  return { from: isBefore(first, most) ? most : first, to: now };
}

/** Whether a moment lies in it. */
export function isWithin(at: string, { from, to }: TimeSpan): boolean {
  return !isBefore(at, from) && !isBefore(to, at);
}

/** When versions came and went, as the ledger has it: `v8` where it became champion, `v9 back` where it was taken back. */
export function versionMarks({ input }: PageSubject, span: TimeSpan): readonly DayMark[] {
  const { champion, history } = environmentOf(input.ledger, input.environment);
  const ended = history.map(({ at, version, outcome }) => ({
    at,
    text: outcome === 'promoted' ? `v${version}` : `v${version} back`,
  }));
  const isKnown = champion === undefined || ended.some(({ at }) => at === champion.at);
  const all = isKnown ? ended : [...ended, { at: champion.at, text: `v${champion.version}` }];
  return all.filter(({ at }) => isWithin(at, span)).map((mark) => ({ ...mark, kind: 'event' }));
}
