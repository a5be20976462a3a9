import type { AnswersContract } from '../answers/contract.ts';
import type { Problem } from '../errors.ts';
import type { Verdict } from '../verdict.ts';
import type { Boxes } from './boxes.ts';
import type { Check } from './check.ts';
import type { Names } from './judge/compare.ts';
import type { AnsweredExamples } from './judge/examples.ts';
import type { Signatures } from './judge/signature.ts';
import type { Pair, Predictions, Sample, Side } from './predictions.ts';
import type { GateRule } from './rules/rule.ts';

/** Metrics that the training runs logged, by name. They are point values without rows behind them. */
type UserMetrics = {
  readonly champion?: Readonly<Record<string, number>>;
  readonly challenger: Readonly<Record<string, number>>;
};

/** A champion of the last year, by its name in sentences, and its answers to the same examples. */
export type Anchor = { readonly name: string; readonly predictions: Predictions };

/** Everything the gate looks at. */
export type GateInput = {
  readonly rules: readonly GateRule[];
  readonly challenger: Predictions;
  /** `undefined` for the first model of a name. */
  readonly champion?: Predictions;
  /** Champions before it, of which the best is compared with as well. */
  readonly anchors?: readonly Anchor[];
  readonly userMetrics?: UserMetrics;
  readonly signatures?: Signatures;
  /** Files of examples with the challenger's answers to them, and how these are read. */
  readonly behaviour?: { readonly files: readonly AnsweredExamples[]; readonly contract: AnswersContract };
  /** `gatesSoFar` counts the gates judged before on this holdout, from the ledger. */
  readonly holdout: { readonly digest: string; readonly gatesSoFar: number };
  /** In what boxes the code ran, and whether these must be namespaces. Absent where nothing of a job is judged. */
  readonly boxes?: { readonly levels: Boxes; readonly require: boolean };
  /** Why nothing may pass on this holdout, or by these answers. */
  readonly unfit?: readonly Problem[];
  /** Derived from the digests of models and data, so that judging again gives the same numbers. */
  readonly seed: string;
  /** The command that repeats this judgement. */
  readonly reproduce: string;
  readonly names: Names;
};

/** What the gate came to. Plain data: it is stored as it is and told by `reportGate`. */
export type GateResult = {
  readonly schemaVersion: 1;
  readonly verdict: Verdict;
  /** One plain sentence. */
  readonly headline: string;
  readonly checks: readonly Check[];
  readonly toSettle: readonly string[];
  readonly problems: readonly Problem[];
  readonly boxes?: Boxes;
  readonly seed: string;
  readonly reproduce: string;
  readonly holdout: { readonly digest: string; readonly gatesSoFar: number };
};

/** What the rules are judged on: the challenger's rows, and the champion's beside them when there is one. */
export type GateEvidence = {
  readonly sample: Sample;
  readonly challenger: Side;
  readonly pair: Pair | undefined;
  readonly anchors: readonly AnchorPair[];
};

/** An earlier champion's rows beside the challenger's. */
export type AnchorPair = { readonly name: string; readonly pair: Pair };
