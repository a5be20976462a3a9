const CHUNKS = 10;
const DEVIATIONS = 3;

/**
 * NannyML's default for a numeric column: Jensen-Shannon distance on Doane's bins of the reference, with an alarm above mean
 * plus three standard deviations of the distances of ten reference chunks. Gives the judge of later chunks.
 */
export function fitNannyml(reference: readonly number[]): (chunk: readonly number[]) => boolean {
  const edges = doaneEdges(reference);
  const whole = histogram(reference, edges);
  const size = Math.floor(reference.length / CHUNKS);
  const distances = Array.from({ length: CHUNKS }, (_, chunk) =>
    jensenShannon(whole, histogram(reference.slice(chunk * size, (chunk + 1) * size), edges)),
  );
  const mean = distances.reduce((sum, distance) => sum + distance, 0) / CHUNKS;
  const spread = Math.sqrt(distances.reduce((sum, distance) => sum + (distance - mean) ** 2, 0) / CHUNKS);
  return (chunk) => jensenShannon(whole, histogram(chunk, edges)) > mean + DEVIATIONS * spread;
}

function doaneEdges(values: readonly number[]): readonly number[] {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const moment = (power: number) => values.reduce((sum, value) => sum + (value - mean) ** power, 0) / n;
  const skewness = moment(3) / moment(2) ** 1.5;
  const error = Math.sqrt((6 * (n - 2)) / ((n + 1) * (n + 3)));
  const bins = Math.ceil(1 + Math.log2(n) + Math.log2(1 + Math.abs(skewness) / error));
  const low = Math.min(...values);
  const width = (Math.max(...values) - low) / bins;
  return Array.from({ length: bins - 1 }, (_, index) => low + (index + 1) * width);
}

function histogram(values: readonly number[], edges: readonly number[]): readonly number[] {
  const counts = [...edges, 0].map(() => 0);
  for (const value of values) {
    const bin = edges.findIndex((edge) => value < edge);
    const at = bin === -1 ? edges.length : bin;
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts.map((count) => count / values.length);
}

function jensenShannon(left: readonly number[], right: readonly number[]): number {
  const divergence = left.reduce((sum, p, bin) => {
    const q = right[bin] ?? 0;
    const middle = (p + q) / 2;
    return sum + part(p, middle) / 2 + part(q, middle) / 2;
  }, 0);
  return Math.sqrt(Math.max(0, divergence) / Math.LN2);
}

function part(p: number, middle: number): number {
  return p > 0 ? p * Math.log(p / middle) : 0;
}
