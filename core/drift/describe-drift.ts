import { formatDay, formatDayAndMinute } from '../report/format-day.ts';
import { formatCount, formatDuration, formatPercent } from '../report/format-number.ts';
import type { DriftOptions } from './drift-options.ts';
import type { FeatureJudgement } from './judge-feature.ts';

const DAY_SECONDS = 86_400;
const MOVED_ENOUGH = 0.01;

/**
 * "feature `amount`: PSI 0.31 [0.24, 0.40] over 4,812 requests on 12 Mar; usual days reach 0.03; one false alarm in 365 d
 * expected; bins that moved: > 910 from 10% to 27%."
 */
export function describeFeature(feature: FeatureJudgement, options: DriftOptions): string {
  const name = describeSubject(feature);
  const { last } = feature;
  if (last === undefined) return `${name}: no batch could be compared with the reference yet.`;
  const { low, high } = last.interval;
  const parts = [
    `PSI ${formatIndex(last.index)} [${formatIndex(low)}, ${formatIndex(high)}] over ${formatCount(last.rows)} requests ` +
      `${describeTime(last.from, options)}`,
    describeUsual(feature),
    `one false alarm in ${formatDuration(options.falseAlarmSeconds)} expected`,
    describeMoved(feature),
    describeUnseen(feature),
    describeMovedWith(feature),
  ].filter((part) => part !== '');
  return `${name}: ${parts.join('; ')}.`;
}

function describeSubject({ kind, name, said }: FeatureJudgement): string {
  return kind === 'prediction' ? 'the prediction' : (said ?? `feature \`${name}\``);
}

/** Why it is told of a batch that looks well; empty of one that does not. */
export function describeUnseen({ unseen }: Pick<FeatureJudgement, 'unseen'>): string {
  if (unseen === undefined) return '';
  const batches = unseen === 1 ? 'the last batch does' : `the last ${formatCount(unseen)} batches do`;
  return `${batches} not show it, which is too little to say that it is gone`;
}

/** Of what watches several columns together no bin means anything to people. */
function describeMovedWith({ movedWith = [] }: FeatureJudgement): string {
  if (movedWith.length === 0) return '';
  const names = movedWith.map((name) => `\`${name}\``).join(', ');
  return `${names} ${movedWith.length === 1 ? 'has' : 'have'} drifted alone, which moves this too`;
}

function describeUsual({ usualReach, isWarmingUp }: FeatureJudgement): string {
  if (usualReach !== undefined) return `usual days reach ${formatIndex(usualReach)}`;
  return isWarmingUp ? 'how far usual days reach is not known yet (`data.holdout.time` would tell)' : '';
}

function describeMoved({ movedBins, columns }: FeatureJudgement): string {
  if (columns !== undefined) return '';
  const moved = movedBins.filter(({ reference, observed }) => Math.abs(observed - reference) >= MOVED_ENOUGH);
  if (moved.length === 0) return '';
  const changes = moved.map(
    ({ bin, reference, observed }) => `${bin} from ${formatPercent(reference)} to ${formatPercent(observed)}`,
  );
  return `bins that moved: ${changes.join(', ')}`;
}

function describeTime(from: string, { cycleSeconds }: DriftOptions): string {
  return cycleSeconds < DAY_SECONDS ? `from ${formatDayAndMinute(from)}` : `on ${formatDay(from)}`;
}

/** An index with two decimals, never below 0. */
export function formatIndex(index: number): string {
  return Math.max(0, index).toFixed(2);
}
