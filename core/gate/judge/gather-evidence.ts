import type { Problem } from '../../errors.ts';
import { checkPredictions } from '../check-predictions.ts';
import { pairPredictions } from '../comparison/pair-predictions.ts';
import { findTurned } from '../find-turned.ts';
import type { GateEvidence, GateInput } from '../gate-input.ts';
import { sampleOf, sideOf } from '../predictions.ts';
import { describeLeftOut } from './anchor.ts';

/** The rows to judge on; none where the predictions are unfit for it, and why. */
type Gathered = {
  readonly evidence: GateEvidence | undefined;
  readonly problems: readonly Problem[];
  /** What a reader of the judgement should know beside: a doubt about the champion, and each anchor that is left out. */
  readonly notes: readonly string[];
};

/** Lays the predictions of all models beside each other. */
export function gatherEvidence(input: GateInput): Gathered {
  const { challenger, champion, anchors = [] } = input;
  if (champion === undefined) {
    const problems = checkPredictions(challenger, 'challenger');
    if (problems.length > 0) return { evidence: undefined, problems, notes: [] };
    return {
      evidence: {
        sample: sampleOf(challenger),
        challenger: sideOf(challenger),
        pair: undefined,
        anchors: [],
      },
      problems: [],
      notes: [],
    };
  }
  const paired = pairPredictions(champion, challenger);
  if (!paired.ok) return { evidence: undefined, problems: paired.error, notes: [] };
  const { sample, challenger: side } = paired.value;
  // One of other classes or another task answers another question: the line begins anew after it.
  const beside = anchors.map(({ name, predictions }) => ({
    name,
    laid: pairPredictions(predictions, challenger),
  }));
  return {
    evidence: {
      ...{ sample, challenger: side, pair: paired.value },
      anchors: beside.flatMap(({ name, laid }) => (laid.ok ? [{ name, pair: laid.value }] : [])),
    },
    problems: [],
    notes: [
      ...findTurned(champion),
      ...beside.flatMap(({ name, laid }) =>
        laid.ok ? [] : [describeLeftOut(name, laid.error.map(({ message }) => message).join(' '))],
      ),
    ],
  };
}
