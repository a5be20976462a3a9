import { type AnswersContract, writeAnswersKey } from '../answers/contract.ts';
import type { Problem } from '../errors.ts';
import type { Answers } from './answers.ts';
import { findMetric } from './metrics/metrics.ts';
import { isCrossed } from './metrics/quantiles.ts';
import type { GateRule } from './rules/rule.ts';

/** Metrics that mean something else when the other class of two is the positive one. */
const OF_POSITIVE: ReadonlySet<string> = new Set(['f1', 'precision', 'recall', 'average-precision']);
const MOST_CLASSES = 10;

/** What was concluded of a model's answers because nobody states it, and how to state it; and what does not fit the classes. */
export function describeAnswers(answers: Answers): readonly string[] {
  const { task, contract, inferred, isClosed, predictions, parts = [] } = answers;
  const foreign = isClosed ? 0 : predictions.filter((index) => index < 0).length;
  const notes: string[] = [];
  if (inferred.length > 0) {
    const named = inferred.map((key) => `\`${writeAnswersKey(key)}\``);
    notes.push(
      `Nobody states what this model answers in full: ${named.join(', ')} ${inferred.length === 1 ? 'was' : 'were'} concluded from its answers. To state it: \`answers: ${writeContract(contract)}\`.`,
    );
  }
  if (foreign > 0 && answers.task !== 'open') {
    notes.push(
      `${foreign} of ${predictions.length} answers are none of the holdout's labels, and count as wrong. List the classes under \`answers.classes\` if they are some.`,
    );
  }
  const crossed = task === 'quantiles' ? predictions.filter((_, row) => isCrossed(parts, row)).length : 0;
  if (crossed > 0) {
    notes.push(
      `${crossed} of ${predictions.length} answers have a higher quantile below a lower one. A rule on \`quantile-crossing\` says how many may.`,
    );
  }
  return notes;
}

/** The problem of rules on a positive class that nobody has named, nor the rule a class itself; `undefined` where there is none. */
export function findUnknownPositive(
  rules: readonly GateRule[],
  { task, contract }: Pick<Answers, 'task' | 'contract'>,
): Problem | undefined {
  if (task !== 'binary' || contract.positive !== undefined) return undefined;
  const ofEither = rules.filter((rule) => !('detail' in rule) || rule.detail?.class === undefined);
  const named = ofEither.flatMap((rule) => ('metric' in rule ? [findMetric(rule.metric, task)] : []));
  const found = named.flatMap((metric) =>
    metric.ok && OF_POSITIVE.has(metric.value.name) ? [metric.value.name] : [],
  );
  if (found.length === 0) return undefined;
  return {
    code: 'positive-unstated',
    message: `${[...new Set(found)].join(', ')} is of the positive class, and nothing says which of the two that is.`,
    remedy: 'Set `answers.positive` in trainyard.yml of the default branch.',
  };
}

/** A contract as it is written in trainyard.yml. */
function writeContract(contract: AnswersContract): string {
  const { task, classes, positive, quantiles, prediction, scoreColumns, scores } = contract;
  const isLong = classes !== undefined && classes.length > MOST_CLASSES;
  const shown = isLong ? [...classes.slice(0, MOST_CLASSES), '…'] : classes;
  const written = {
    task,
    classes: shown,
    positive,
    quantiles,
    prediction,
    'score-columns': scoreColumns,
    scores,
  };
  return JSON.stringify(written)
    .replaceAll('"', '')
    .replaceAll(/([:,])/g, '$1 ')
    .replace('{', '{ ')
    .replace(/\}$/, ' }');
}
