import type { Problem } from '../../errors.ts';
import { checkPredictions } from '../check-predictions.ts';
import { pairPredictions } from '../comparison/pair-predictions.ts';
import type { GateEvidence, GateInput } from '../gate-input.ts';
import { sampleOf, sideOf } from '../predictions.ts';

/** The rows to judge on; none where the predictions are unfit for it, and why. */
type Gathered = { readonly evidence: GateEvidence | undefined; readonly problems: readonly Problem[] };

/** Lays the predictions of all models beside each other. */
export function gatherEvidence(input: GateInput): Gathered {
  const { challenger, champion, anchors = [] } = input;
  if (champion === undefined) {
    const problems = checkPredictions(challenger, 'challenger');
    if (problems.length > 0) return { evidence: undefined, problems };
    return {
      evidence: {
        sample: sampleOf(challenger),
        challenger: sideOf(challenger),
        pair: undefined,
        anchors: [],
      },
      problems: [],
    };
  }
  const paired = pairPredictions(champion, challenger);
  if (!paired.ok) return { evidence: undefined, problems: paired.error };
  const { sample, challenger: side } = paired.value;
  // One of other classes or another task answers another question: the line begins anew after it.
  const comparable = anchors.flatMap(({ name, predictions }) => {
    const beside = pairPredictions(predictions, challenger);
    return beside.ok ? [{ name, pair: beside.value }] : [];
  });
  return {
    evidence: { sample, challenger: side, pair: paired.value, anchors: comparable },
    problems: [],
  };
}
