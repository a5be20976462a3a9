import type { Golden, GoldenTolerance } from './golden.ts';

/** What answers are judged by: how far numbers may lie apart, whether the largest of a row is its class, and where that is from. */
export type GoldenMeasure = GoldenTolerance & { readonly ranked: boolean; readonly told: string };

/**
 * What a package allows where it is served with that `gpu` (serving settings): what was measured on such a device when it was built;
 * else what it says of any other device, by its number form; else, of a package of before that, what it allows everywhere.
 */
export function chooseTolerance(golden: Golden, gpu: 'none' | 'all'): GoldenMeasure {
  const device = gpu === 'all' ? 'cuda' : 'cpu';
  const { ranked = false, elsewhere } = golden;
  const measured = golden.measured?.find((one) => one.device === device);
  if (measured !== undefined)
    return { ...measured, ranked, told: `as measured on ${device} in ${measured.numberForm}` };
  if (elsewhere !== undefined) {
    const form = elsewhere.numberForm;
    const told = `${device} was not measured when the package was built: by half of the digits of ${form}`;
    return { ...elsewhere, ranked, told: ranked ? `${told}, and the class` : told };
  }
  return { ...golden, ranked, told: 'by the tolerance of a package for which none was measured' };
}
