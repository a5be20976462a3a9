import type { GateEvidence, GateResult } from '../gate-input.ts';
import type { Names } from '../judge/compare.ts';
import type { GateFigure, Shown, ShownModel } from './figure.ts';
import { showConfusion } from './show-confusion.ts';
import { showCurves } from './show-curves.ts';
import { showErrors } from './show-errors.ts';
import { showReliability } from './show-reliability.ts';
import { showSlices } from './show-slices.ts';

/**
 * The figures of a judgement on this evidence, what its checks rest on first: slices, then the models beside each other. Each has a bounded
 * size, whatever the holdout.
 */
export function showGate(
  { checks }: GateResult,
  evidence: GateEvidence,
  names: Names,
): readonly GateFigure[] {
  const shown = toShown(evidence, names);
  const sliced = checks.filter(({ slices }) => slices !== undefined);
  return [
    ...sliced.map((check, index) => showSlices(check, index + 1)),
    showConfusion(shown),
    showReliability(shown),
    showCurves(shown),
    showErrors(shown),
  ].filter((figure) => figure !== undefined);
}

function toShown({ sample, challenger, pair }: GateEvidence, names: Names): Shown {
  const nameOf = (who: ShownModel['who']): string =>
    [who, names[who]].filter((part) => part !== undefined).join(' ');
  const champion = pair?.champion;
  const models: readonly ShownModel[] = [
    ...(champion === undefined
      ? []
      : [{ who: 'champion', name: nameOf('champion'), side: champion } as const]),
    { who: 'challenger', name: nameOf('challenger'), side: challenger },
  ];
  return { sample, models };
}
