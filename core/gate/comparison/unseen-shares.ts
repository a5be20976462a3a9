import type { UnseenShares } from '../metrics/metric.ts';
import type { Sample } from '../predictions.ts';

/**
 * How large a part of all rows, and of the rows of each label, may be of a kind that no row here is of: up to -ln(alpha) / n at 1 - alpha,
 * 3/n at 95% (the rule of three). n counts groups where rows belong together.
 */
export function unseenShares({ labels, groups, ids }: Sample, alpha: number): UnseenShares {
  const rare = -Math.log(alpha);
  const share = (units: number): number => (units === 0 ? 1 : Math.min(1, rare / units));
  const all = groups === undefined ? ids.length : new Set(groups).size;
  const unitsOf = (label: number): number => {
    if (groups === undefined) return labels.reduce((count, one) => count + (one === label ? 1 : 0), 0);
    return new Set(groups.filter((_, row) => labels[row] === label)).size;
  };
  return { ofAll: share(all), ofLabel: (label) => share(unitsOf(label)) };
}
