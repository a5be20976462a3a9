import type { Answers } from '../gate/answers.ts';
import { describeAnswers, findUnknownPositive } from '../gate/describe-answers.ts';
import type { GateRule } from '../gate/rules/rule.ts';
import { type Checked, errors, fine } from './checked.ts';

/** What the gate will say of a model's answers, and of rules that they leave open; `subject` is whose they are. */
export function checkAnswers(
  subject: string,
  answers: Answers,
  rules: readonly GateRule[],
): readonly Checked[] {
  const unknown = findUnknownPositive(rules, answers);
  return [
    ...describeAnswers(answers).map((note) => fine(subject, note)),
    ...(unknown === undefined ? [] : errors(subject, [unknown])),
  ];
}
