import { judgeCompare } from '../../../core/gate/judge/compare.ts';
import { evaluateMetric, type Metric } from '../../../core/gate/metrics/metric.ts';
import type { Pair, Side } from '../../../core/gate/predictions.ts';

/** Two models compared by a metric, again and again, on rows that `draw` fills into the pair. */
export type Contest = { readonly metric: Metric; readonly pair: Pair; readonly draw: () => void };

/** So many gates, each with another seed of its bootstrap. */
type Trial = { readonly draws: number; readonly margin: number; readonly seed: string };

/** How often the challenger is promoted as at most `margin` worse. */
export function countPromotions({ metric, pair, draw }: Contest, { draws, margin, seed }: Trial): number {
  const rule = { kind: 'compare', metric: metric.name, require: 'non-inferior', margin } as const;
  let promoted = 0;
  for (let turn = 0; turn < draws; turn += 1) {
    draw();
    const options = { alpha: 0.05, seed: `${seed}|${turn}`, names: { challenger: '' } };
    if (judgeCompare({ rule, metric }, pair, options).verdict === 'pass') promoted += 1;
  }
  return promoted;
}

/** How much worse the challenger truly is, in the metric's unit: the mean of so many draws. */
export function trueHarm({ metric, pair, draw }: Contest, times: number): number {
  const measured = (side: Side): number => {
    const value = evaluateMetric(metric, pair.sample, side);
    if (typeof value === 'number') return value;
    throw new Error(value.message);
  };
  const sign = metric.direction === 'higher' ? 1 : -1;
  let sum = 0;
  for (let turn = 0; turn < times; turn += 1) {
    draw();
    sum += sign * (measured(pair.champion) - measured(pair.challenger));
  }
  return sum / times;
}
