import type { ComparedBins } from '../../drift/judge-feature.ts';
import type { SharedBin } from '../../pictures/draw-bins.ts';
import { formatCount } from '../../report/format-number.ts';
import { sumOf } from '../../statistics/sum-of.ts';

/** More columns than these are no picture on a telephone, and more rows are none anywhere. */
const MOST_COLUMNS = 24;
const MOST_ROWS = 8;

/** Bins as shares. Of many, neighbours are joined where they have an order; else the largest stand by themselves, the rest in one. */
export function gatherBins(bins: ComparedBins, isOrdered: boolean): readonly SharedBin[] {
  const [before, now] = [sumOf(bins.reference), sumOf(bins.observed)];
  const shares = bins.names.map((name, bin) => ({
    name,
    reference: before > 0 ? (bins.reference[bin] ?? 0) / before : 0,
    observed: now > 0 ? (bins.observed[bin] ?? 0) / now : 0,
  }));
  return isOrdered ? joinNeighbours(shares) : keepLargest(shares);
}

/** Which bin has changed most, by its place; `undefined` where none has by a point or more. */
export function findMoved(bins: readonly SharedBin[]): number | undefined {
  const moves = bins.map(({ reference, observed }) => Math.abs(observed - reference));
  const most = Math.max(...moves);
  return most >= 0.01 ? moves.indexOf(most) : undefined;
}

function joinNeighbours(bins: readonly SharedBin[]): readonly SharedBin[] {
  const size = Math.ceil(bins.length / MOST_COLUMNS);
  if (size <= 1) return bins;
  const groups = Map.groupBy(bins, (_, index) => Math.floor(index / size));
  return [...groups.values()].map((group) => {
    const [first, last] = [group[0]?.name ?? '', group.at(-1)?.name ?? ''];
    return addBins(first === last ? first : `${first} to ${last}`, group);
  });
}

function keepLargest(bins: readonly SharedBin[]): readonly SharedBin[] {
  const used = bins.filter(({ reference, observed }) => reference > 0 || observed > 0);
  if (used.length <= MOST_ROWS) return used;
  const size = ({ reference, observed }: SharedBin) => Math.max(reference, observed);
  const sorted = used.toSorted((left, right) => size(right) - size(left));
  const rest = sorted.slice(MOST_ROWS - 1);
  return [...sorted.slice(0, MOST_ROWS - 1), addBins(`${formatCount(rest.length)} others`, rest)];
}

function addBins(name: string, bins: readonly SharedBin[]): SharedBin {
  return {
    name,
    reference: sumOf(bins.map(({ reference }) => reference)),
    observed: sumOf(bins.map(({ observed }) => observed)),
  };
}
