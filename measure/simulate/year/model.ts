import type { ReferenceProfile } from '../../../core/drift/profile.ts';
import type { CaptureWindow } from '../../../core/drift/window.ts';
import { SCHEMAS } from '../../../core/names.ts';
import type { Draws } from '../draws.ts';
import { drawCategoryColumn } from './category-column.ts';
import type { DrawnColumn, HoldoutDay } from './column.ts';
import type { Circumstances } from './deployment.ts';
import { drawNumberColumn } from './number-column.ts';

const HOLDOUT_DAYS = 28;
const NUMBERS = 18;
/** Categories of the two columns that are no numbers: few, and so many that most are rare. */
const CATEGORIES = [6, 3_000] as const;
const MISSING = 0.02;
/** Of three columns one has missing values. */
const MISSING_EVERY = 3;
const CONFIDENCE_BINS = 20;
/** The model is right in 81 % of its least sure answers and in 99 % of its surest: in 90 % of all. */
const [LEAST_RIGHT, MOST_RIGHT] = [0.81, 0.99];
const YES = 0.4;

/** The column that shifts. */
export const SHIFTED = 'f0';
export const MODEL = 'simulated';

/** A version: what it was profiled on, and how what it is asked falls into that profile. */
export type Version = {
  readonly profile: ReferenceProfile;
  readonly columns: readonly DrawnColumn[];
};

/** What was counted in a window, less where and when. */
type Counted = Pick<CaptureWindow, 'n' | 'features' | 'prediction'>;

/** Draws a holdout of this deployment in which the first column is off by `shift` standard deviations, and profiles it. */
export function drawVersion(
  draws: Draws,
  { holdout, hasDays, wobble }: Circumstances,
  { version, created, shift }: { readonly version: string; readonly created: string; readonly shift: number },
): Version {
  const rows = draws.multinomial(
    holdout,
    Array.from({ length: HOLDOUT_DAYS }, () => 1 / HOLDOUT_DAYS),
  );
  const drawDays = (moved: number): HoldoutDay[] =>
    rows.map((count) => ({ rows: count, tilt: moved + wobble * draws.normal() }));
  const numbers = Array.from({ length: NUMBERS }, (_, index) =>
    drawNumberColumn(draws, {
      name: `f${index}`,
      missing: index % MISSING_EVERY === 1 ? MISSING : 0,
      days: drawDays(index === 0 ? shift : 0),
    }),
  );
  const categories = CATEGORIES.map((values) =>
    drawCategoryColumn(draws, { name: `of-${values}`, values, days: drawDays(0) }),
  );
  const columns = [...numbers, ...categories];
  const byDay = drawDays(0).map((day) => countClasses(draws, day.rows, day.tilt));
  const features = columns.map(({ feature: { blocks, ...feature } }) =>
    hasDays && blocks !== undefined ? { ...feature, blocks } : feature,
  );
  const total = draws.multinomial(
    holdout,
    Array.from({ length: CONFIDENCE_BINS }, () => 1 / CONFIDENCE_BINS),
  );
  const prediction = {
    kind: 'classes' as const,
    classes: ['no', 'yes'],
    counts: [0, 1].map((place) => byDay.reduce((sum, day) => sum + (day[place] ?? 0), 0)),
    confidence: {
      edges: Array.from({ length: CONFIDENCE_BINS - 1 }, (_, bin) => (bin + 1) / CONFIDENCE_BINS),
      total,
      correct: total.map((count, bin) => draws.binomial(count, rightIn(bin))),
    },
    ...(hasDays && { blocks: byDay }),
  };
  const named = { schema: SCHEMAS.profile, model: MODEL, version, created, rows: holdout } as const;
  return { profile: { ...named, features, prediction }, columns };
}

/** How a day's requests are drawn: every column off by the wobble of that day, the first one by `shift` besides. */
export function drawDay(
  draws: Draws,
  { columns }: Version,
  { wobble, shift }: { readonly wobble: number; readonly shift: number },
): (rows: number) => Counted {
  const live = columns.map(({ feature, liveAt }) => ({
    name: feature.name,
    draw: liveAt((feature.name === SHIFTED ? shift : 0) + wobble * draws.normal()),
  }));
  const tilt = wobble * draws.normal();
  return (rows) => ({
    n: rows,
    features: Object.fromEntries(live.map(({ name, draw }) => [name, draw(rows, draws)])),
    prediction: {
      counts: countClasses(draws, rows, tilt),
      confidence: draws.multinomial(
        rows,
        Array.from({ length: CONFIDENCE_BINS }, () => 1 / CONFIDENCE_BINS),
      ),
    },
  });
}

/** How often answers of this confidence bin are right. */
export function rightIn(bin: number): number {
  return LEAST_RIGHT + ((MOST_RIGHT - LEAST_RIGHT) * bin) / (CONFIDENCE_BINS - 1);
}

/** Answers no and yes, where yes is off by so many standard deviations. */
function countClasses(draws: Draws, rows: number, tilt: number): number[] {
  const odds = (YES / (1 - YES)) * Math.exp(tilt / Math.sqrt(YES * (1 - YES)));
  const yes = draws.binomial(rows, odds / (1 + odds));
  return [rows - yes, yes];
}
