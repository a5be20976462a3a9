import type { Answers } from '../gate/answers.ts';
import { checkPredictions } from '../gate/check-predictions.ts';
import { describeAnswers, findUnknownPositive } from '../gate/describe-answers.ts';
import { findUnmeasured } from '../gate/find-unmeasured.ts';
import type { HeldOut } from '../gate/held-out.ts';
import { joinAnswers } from '../gate/join-answers.ts';
import type { GateRule } from '../gate/rules/rule.ts';
import { type Checked, errors, fine } from './checked.ts';

/** What the gate will say of a model's answers to a holdout, and of rules that they leave open; `subject` is whose they are. */
export function checkAnswers(
  subject: string,
  { answers, held }: { readonly answers: Answers; readonly held: HeldOut },
  rules: readonly GateRule[],
): readonly Checked[] {
  const joined = joinAnswers(answers, held, subject);
  const unfit = joined.ok ? checkPredictions(joined.value, subject) : joined.error;
  const unknown = findUnknownPositive(rules, answers);
  const unmeasured = joined.ok && unfit.length === 0 ? findUnmeasured(rules, joined.value) : [];
  return [
    ...describeAnswers(answers).map((note) => fine(subject, note)),
    ...errors(subject, unfit),
    ...(unknown === undefined ? [] : errors(subject, [unknown])),
    ...errors(subject, unmeasured),
  ];
}
