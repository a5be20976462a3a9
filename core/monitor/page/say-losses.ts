import type { AccuracyEstimate } from '../../drift/estimate-accuracy.ts';
import type { FeatureJudgement } from '../../drift/judge-feature.ts';
import { WEEKS } from '../../drift/windows/last-weeks.ts';
import { epochMs, toInstant } from '../../instant.ts';
import { formatDay } from '../../report/format-day.ts';
import { formatList } from '../../report/format-list.ts';
import { normalQuantile } from '../../statistics/distributions/normal.ts';
import type { MonitorInput } from '../monitor-input.ts';
import { quoteFeature } from './name-feature.ts';

const MOST_NAMES = 3;
/** How often chance alone makes any loss that is told, of all features together, and the share of all answers that is worth telling. */
const ALPHA = 0.05;
const LEAST = 0.001;
const HALF = 0.5;

const CAUTION =
  'This is what goes together, not what causes it: the shift of each alone, if its bins were answered right as often as in training. What shifts together counts for each.';

type Ranked = { readonly feature: FeatureJudgement; readonly loss: number };

/**
 * Which shift goes with a loss of accuracy, the largest first: of those that are told, or, where accuracy is estimated below the reference
 * beyond chance, of all. Nothing where neither is so, or the profile does not say how often each bin was answered right. A part is
 * of the batch that was judged last, and the estimate of the last weeks, so that a part may be larger than the whole.
 */
export function sayLosses({ drift, accuracy }: Pick<MonitorInput, 'drift' | 'accuracy'>): string | undefined {
  const features = (drift?.features ?? []).filter(({ contribution }) => contribution !== undefined);
  const told = features.filter(({ verdict, movedWith = [] }) => verdict === 'fail' && movedWith.length === 0);
  const total = lossOf(accuracy);
  const errors = normalQuantile(1 - ALPHA / Math.max(1, features.length));
  const ranked = rank(total === undefined ? told : features, errors);
  if (ranked.length > 0) return `${sayRanked(ranked, total)} ${CAUTION}`;
  if (told.length === 0) return undefined;
  return `No loss of accuracy beyond chance goes with ${quoteFeatures(told)}: in training the bins that come more often now were answered right about as often as the others. Whether they still are, labels tell.`;
}

function lossOf(accuracy: AccuracyEstimate | undefined): number | undefined {
  if (accuracy?.kind !== 'estimate' || accuracy.interval.high >= accuracy.reference) return undefined;
  return accuracy.reference - accuracy.accuracy;
}

/** Losses of so many standard errors, the largest first. */
function rank(features: readonly FeatureJudgement[], errors: number): readonly Ranked[] {
  return features
    .flatMap((feature): readonly Ranked[] => {
      const { change = 0, error = 0 } = feature.contribution ?? {};
      const isLoss = -change >= LEAST && -change > errors * error;
      return isLoss ? [{ feature, loss: -change }] : [];
    })
    .toSorted((left, right) => right.loss - left.loss);
}

function sayRanked(ranked: readonly Ranked[], total: number | undefined): string {
  const shown = ranked.slice(0, MOST_NAMES);
  const [first, ...others] = shown;
  if (first === undefined) return '';
  const rest = others.map(({ feature, loss }) => `${quoteFeature(feature)} (${sayPoints(loss)})`);
  const then = rest.length === 0 ? '' : `, then ${rest.join(' and ')}`;
  const [name, points, days] = [
    quoteFeature(first.feature),
    `${sayPoints(first.loss)} points`,
    sayDays(shown),
  ];
  if (total === undefined) {
    const what = ranked.length === 1 ? 'a loss' : 'the largest loss';
    return `Of what has shifted, ${name} goes with ${what} of accuracy (${points})${then}. The points are of ${days}.`;
  }
  const span = `the estimate of up to ${WEEKS} weeks`;
  if (first.loss > total) {
    return `What goes most with the estimated loss is ${name} (${points})${then}. The points are of ${days}, ${span}.`;
  }
  const part =
    first.loss >= HALF * total ? 'Most of the estimated loss' : 'Of the estimated loss the largest part';
  return `${part} goes with ${name} (${points} of ${sayPoints(total)})${then}. The parts are of ${days}, ${span}.`;
}

/** The days of the batches that were judged last, each once; most often one day that is that of all. */
function sayDays(ranked: readonly Ranked[]): string {
  const days = ranked.flatMap(({ feature: { last } }) => {
    if (last === undefined) return [];
    // A batch ends where the next begins, at midnight.
    const [first, end] = [formatDay(last.from), formatDay(toInstant(epochMs(last.to) - 1))];
    return [first === end ? first : `${first} to ${end}`];
  });
  return formatList(new Set(days));
}

function sayPoints(loss: number): string {
  return `−${(100 * loss).toFixed(1)}`;
}

function quoteFeatures(features: readonly FeatureJudgement[]): string {
  const names = features.slice(0, MOST_NAMES).map(quoteFeature);
  const more = features.length - names.length;
  return formatList(more > 0 ? [...names, `${more} more`] : names);
}
