import { formatCount } from '../../report/format-number.ts';
import { sumOf } from '../../statistics/sum-of.ts';
import type { ConfidenceBins, ProfilePrediction } from '../profile.ts';
import type { LabelCount } from './build-cohorts.ts';
import type { LabelJudgement } from './judge-labels.ts';

/** Between the classes of one label, and of one answer. */
const SEPARATOR = '|';

/** What a profile promises of late labels: how often answers are right, by bin, and what that is called where it is not that. */
type LabelPromise = { readonly bins: ConfidenceBins; readonly subject?: string };

/** Nothing where the profile does not say when an answer is right: labels of such a version are judged by nothing. */
export function promiseOf(prediction: ProfilePrediction): LabelPromise | undefined {
  const { confidence, truth } = prediction;
  if (confidence === undefined) return undefined;
  if (truth?.kind !== 'number') return { bins: confidence };
  const subject = `The share of answers within ${Number(truth.within.toPrecision(3))} of their label`;
  return { bins: confidence, subject };
}

/** Labels of a version whose profile promises nothing: people who send them should know that nothing is judged by them. */
export function withoutPromise(counts: readonly LabelCount[]): LabelJudgement {
  const labels = sumOf(counts.map(({ labelled }) => labelled));
  const message =
    `${formatCount(labels)} late labels came, and nothing is judged by them: the package does not say when an answer is right, as of texts ` +
    'and rankings, or it was built before packages did.';
  const reason = {
    code: 'labels-not-judged',
    metric: 'labels',
    message,
    observed: labels,
    sampleSize: labels,
  };
  return { verdict: 'inconclusive', labels, coverage: 0, reasons: [reason] };
}

/**
 * Whether an answer, as the log of predictions has it, is what a label that came later says; nothing for a label that can't be one: no
 * number, or none of classes that are all there are. It says nothing of the model.
 */
export function isRight(
  label: string,
  answer: string,
  prediction: ProfilePrediction | undefined,
): boolean | undefined {
  const truth = prediction?.truth ?? { kind: 'name' };
  if (truth.kind === 'number') {
    const value = label.trim() === '' ? Number.NaN : Number(label);
    return Number.isFinite(value) ? Math.abs(value - Number(answer)) <= truth.within : undefined;
  }
  const stands = (name: string) => truth.labels?.[name] ?? truth.labels?.[plain(name)] ?? name;
  if (truth.kind === 'set') return areSame(split(label).map(stands), split(answer));
  const named = stands(label.trim());
  const isClosed =
    prediction?.kind === 'classes' && prediction.open !== true && prediction.kept === undefined;
  if (isClosed && !prediction.classes.some((name) => isSame(named, name))) return undefined;
  return isSame(named, answer);
}

function split(text: string): readonly string[] {
  return text
    .split(SEPARATOR)
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function areSame(left: readonly string[], right: readonly string[]): boolean {
  return (
    left.every((name) => right.some((other) => isSame(name, other))) &&
    right.every((name) => left.some((other) => isSame(name, other)))
  );
}

/** Class names as texts, or numbers however they are written: `3` and `3.0` are the same class. */
function isSame(label: string, answer: string): boolean {
  return label === answer || (label.trim() !== '' && Number(label) === Number(answer));
}

/** A whole number without a point, as the packing writes labels. */
function plain(name: string): string {
  const value = name.trim() === '' ? Number.NaN : Number(name);
  return Number.isSafeInteger(value) ? String(value) : name;
}
