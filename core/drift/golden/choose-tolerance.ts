import type { Golden, GoldenTolerance } from './golden.ts';

/** What answers are judged by: how far numbers may lie apart, what of them says the class, and where that is from. */
export type GoldenMeasure = GoldenTolerance & Pick<Golden, 'ranked' | 'boundary'> & { readonly told: string };

/**
 * What a package allows where it is served with that `gpu` (serving settings): what was measured on such a device when it was built;
 * else what it says of any other device, by its number form; else, of a package of before that, what it allows everywhere.
 */
export function chooseTolerance(golden: Golden, gpu: 'none' | 'all'): GoldenMeasure {
  const device = gpu === 'all' ? 'cuda' : 'cpu';
  const { ranked, boundary, elsewhere } = golden;
  const measured = golden.measured?.find((one) => one.device === device);
  if (measured !== undefined)
    return { ...measured, ranked, boundary, told: `as measured on ${device} in ${measured.numberForm}` };
  if (elsewhere !== undefined) {
    const form = elsewhere.numberForm;
    const told = `${device} was not measured when the package was built: by half of the digits of ${form}`;
    const saysClass = ranked === true || boundary !== undefined;
    return { ...elsewhere, ranked, boundary, told: saysClass ? `${told}, and the class` : told };
  }
  return { ...golden, told: 'by the tolerance of a package for which none was measured' };
}
