import type { LabelCount } from '../../../core/drift/labels/build-cohorts.ts';
import { type CaptureWindow, HOURS_PER_DAY } from '../../../core/drift/window.ts';
import { addWindow } from '../../../core/drift/windows/add-window.ts';
import { toInstant } from '../../../core/instant.ts';
import { SCHEMAS } from '../../../core/names.ts';
import type { Draws } from '../draws.ts';
import { SIMULATED_HOST } from '../traffic.ts';
import type { Circumstances } from './deployment.ts';
import { drawDay, MODEL, rightIn, type Version } from './model.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = HOURS_PER_DAY * HOUR_MS;
/** A Monday, when the year begins. */
export const BEGAN = Date.UTC(2026, 1, 2);

/** Hosts close a window each five minutes; here each three hours, of which a month can be judged every day of a year. */
const WINDOW_HOURS = 3;
const WINDOW_MS = WINDOW_HOURS * HOUR_MS;
const OFFICE = { from: 9, to: 18 } as const;
const WEEKEND_SHARE = 1 / 3;
/** What agents keep of labels, and of versions that serve no more; and after what age they make one window of a day. */
const KEPT_MS = 35 * DAY_MS;
const FOLD_AFTER_MS = DAY_MS;
/** So much of all that is sent is written wrongly, and refused. */
const MALFORMED = 0.05;
const LABELLED = 0.5;
const LABEL_DELAY_MS = 3 * DAY_MS;

/** What the world is like on a day: how far the first column is off, in standard deviations, and how much less often answers are right. */
export type Weather = { readonly shift: number; readonly drop: number };

/** All as it was on the holdout. */
export const CALM: Weather = { shift: 0, drop: 0 };

/** The one host that serves a deployment: what it was asked, as windows and late labels, of which it keeps what agents keep. */
type ServingHost = {
  /** Goes on to this time, serving `version`. */
  readonly serve: (until: number, version: Version) => void;
  readonly windows: () => readonly CaptureWindow[];
  readonly labels: (now: number, version: string) => readonly LabelCount[];
};

type DayOfLabels = { readonly day: number; readonly version: string; readonly counts: readonly LabelCount[] };

/** A host that begins to serve when the year begins. `weatherOn` tells of the day of this number, from 0. */
export function startHost(
  draws: Draws,
  deployment: Circumstances,
  weatherOn: (day: number) => Weather,
): ServingHost {
  let clock = BEGAN;
  let seq = 0;
  let windows: readonly CaptureWindow[] = [];
  let labelled: readonly DayOfLabels[] = [];
  let today: { readonly key: string; readonly draw: ReturnType<typeof drawDay> } | undefined;

  const serveWindow = (version: Version) => {
    const day = dayOf(clock);
    const weather = weatherOn(day);
    const key = `${day}/${version.profile.version}`;
    if (today?.key !== key)
      today = { key, draw: drawDay(draws, version, { ...deployment, shift: weather.shift }) };
    const rows = draws.poisson(rateAt(deployment, clock));
    const counted = today.draw(rows);
    const refused = draws.poisson((rateAt(deployment, clock) * MALFORMED) / (1 - MALFORMED));
    seq += 1;
    const window = {
      ...{ schema: SCHEMAS.window, ...SIMULATED_HOST, model: MODEL, version: version.profile.version, seq },
      ...{ from: toInstant(clock), to: toInstant(clock + WINDOW_MS), invalid: 0, refused, ...counted },
    };
    windows = [...windows, window];
    labelled = addLabels(labelled, drawLabels(draws, window, { day, drop: weather.drop }));
    clock += WINDOW_MS;
  };

  return {
    serve: (until, version) => {
      while (clock < until) serveWindow(version);
      windows = foldDays(keep(windows, until, version), until);
      labelled = labelled.filter(({ day }) => BEGAN + day * DAY_MS >= until - KEPT_MS);
    },
    windows: () => windows,
    labels: (now, version) =>
      labelled
        .filter((one) => one.version === version && BEGAN + (one.day + 1) * DAY_MS + LABEL_DELAY_MS <= now)
        .flatMap(({ counts }) => counts),
  };
}

/** The number of the day of this time, from 0. */
export function dayOf(ms: number): number {
  return Math.floor((ms - BEGAN) / DAY_MS);
}

/** Requests that are expected in the window from this time on. */
function rateAt({ rowsPerDay, isOffice }: Circumstances, ms: number): number {
  const hour = (ms / HOUR_MS) % HOURS_PER_DAY;
  const weekday = dayOf(ms) % 7;
  const ofDay = rowsPerDay * (weekday >= 5 ? WEEKEND_SHARE : 1);
  if (!isOffice) return (ofDay * WINDOW_HOURS) / HOURS_PER_DAY;
  return hour >= OFFICE.from && hour < OFFICE.to ? (ofDay * WINDOW_HOURS) / (OFFICE.to - OFFICE.from) : 0;
}

/** All windows of the version that serves; of others those that are not too old. */
function keep(
  windows: readonly CaptureWindow[],
  now: number,
  { profile }: Version,
): readonly CaptureWindow[] {
  return windows.filter(
    ({ from, version }) => version === profile.version || Date.parse(from) >= now - KEPT_MS,
  );
}

/** Makes one window of each day that is over for a day. */
function foldDays(windows: readonly CaptureWindow[], now: number): readonly CaptureWindow[] {
  const groups = Map.groupBy(windows, ({ from, version }) => `${dayOf(Date.parse(from))}/${version}`);
  return [...groups.values()].flatMap((day) => {
    const [first, ...later] = day;
    if (first === undefined || later.length === 0) return day;
    const isOld = BEGAN + (dayOf(Date.parse(first.from)) + 1) * DAY_MS <= now - FOLD_AFTER_MS;
    return isOld ? [{ ...later.reduce(addWindow, first), seq: later.at(-1)?.seq ?? first.seq }] : day;
  });
}

/** Agents tell labels by day and bin. */
function addLabels(days: readonly DayOfLabels[], more: DayOfLabels): readonly DayOfLabels[] {
  const last = days.at(-1);
  if (last?.day !== more.day || last.version !== more.version) return [...days, more];
  const counts = last.counts.map((count, bin) => ({
    ...count,
    labelled: count.labelled + (more.counts[bin]?.labelled ?? 0),
    correct: count.correct + (more.counts[bin]?.correct ?? 0),
  }));
  return [...days.slice(0, -1), { ...last, counts }];
}

function drawLabels(
  draws: Draws,
  { prediction, version, from }: CaptureWindow,
  { day, drop }: { readonly day: number; readonly drop: number },
): DayOfLabels {
  const counts = (prediction.confidence ?? []).map((predicted, bin) => {
    const labelled = draws.binomial(predicted, LABELLED);
    return { day: from.slice(0, 10), bin, labelled, correct: draws.binomial(labelled, rightIn(bin) - drop) };
  });
  return { day, version, counts };
}
