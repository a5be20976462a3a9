import type { AccuracyEstimate } from '../../drift/estimate-accuracy.ts';
import type { FeatureJudgement } from '../../drift/judge-feature.ts';
import type { MonitorInput } from '../monitor-input.ts';
import { quoteFeature } from './name-feature.ts';

const MOST_NAMES = 3;
/** Standard errors beyond which a loss is told, and the share of all answers that is worth telling. */
const ERRORS = 2;
const LEAST = 0.001;
const HALF = 0.5;

const CAUTION =
  'This is what goes together, not what causes it: the shift of each alone, if its bins were answered right as often as in training. What shifts together counts for each.';

type Ranked = { readonly feature: FeatureJudgement; readonly loss: number };

/**
 * Which shift goes with a loss of accuracy, the largest first: of those that are told, or, where accuracy is estimated below the reference
 * beyond chance, of all. Nothing where neither is so, or the profile does not say how often each bin was answered right.
 */
export function sayLosses({ drift, accuracy }: Pick<MonitorInput, 'drift' | 'accuracy'>): string | undefined {
  const features = (drift?.features ?? []).filter(({ contribution }) => contribution !== undefined);
  const told = features.filter(({ verdict, movedWith = [] }) => verdict === 'fail' && movedWith.length === 0);
  const total = lossOf(accuracy);
  const ranked = rank(total === undefined ? told : features);
  if (ranked.length > 0) return `${sayRanked(ranked, total)} ${CAUTION}`;
  if (told.length === 0) return undefined;
  return `No loss of accuracy goes with ${quoteFeatures(told)}: in training the bins that come more often now were answered right as often as the others. Whether they still are, labels tell.`;
}

function lossOf(accuracy: AccuracyEstimate | undefined): number | undefined {
  if (accuracy?.kind !== 'estimate' || accuracy.interval.high >= accuracy.reference) return undefined;
  return accuracy.reference - accuracy.accuracy;
}

function rank(features: readonly FeatureJudgement[]): readonly Ranked[] {
  return features
    .flatMap((feature): readonly Ranked[] => {
      const { change = 0, error = 0 } = feature.contribution ?? {};
      const isLoss = -change >= LEAST && -change > ERRORS * error;
      return isLoss ? [{ feature, loss: -change }] : [];
    })
    .toSorted((left, right) => right.loss - left.loss);
}

function sayRanked(ranked: readonly Ranked[], total: number | undefined): string {
  const [first, ...others] = ranked.slice(0, MOST_NAMES);
  if (first === undefined) return '';
  const rest = others.map(({ feature, loss }) => `${quoteFeature(feature)} (${sayPoints(loss)})`);
  const then = rest.length === 0 ? '' : `, then ${rest.join(' and ')}`;
  const name = quoteFeature(first.feature);
  if (total === undefined) {
    const what = ranked.length === 1 ? 'a loss' : 'the largest loss';
    return `Of what has shifted, ${name} goes with ${what} of accuracy (${sayPoints(first.loss)} points)${then}.`;
  }
  const part =
    first.loss >= HALF * total ? 'Most of the estimated loss' : 'Of the estimated loss the largest part';
  return `${part} goes with ${name} (${sayPoints(first.loss)} points of ${sayPoints(total)})${then}.`;
}

function sayPoints(loss: number): string {
  return `−${(100 * loss).toFixed(1)}`;
}

function quoteFeatures(features: readonly FeatureJudgement[]): string {
  const names = features.slice(0, MOST_NAMES).map(quoteFeature);
  const more = features.length - names.length;
  return new Intl.ListFormat('en', { type: 'conjunction' }).format(
    more > 0 ? [...names, `${more} more`] : names,
  );
}
