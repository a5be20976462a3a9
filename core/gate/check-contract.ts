import {
  type AnswersContract,
  type AnswersKey,
  meaningOf,
  unmetKeys,
  writeAnswersKey,
} from '../answers/contract.ts';
import type { Problem } from '../errors.ts';
import type { Answers } from './answers.ts';
import type { Truth } from './held-out.ts';

/**
 * Why answers are not read as they have to be. A job that ran a user's code has read them, so what it says of how is held against what
 * the default branch and the ledger say (`expected`), and what labels stand for and which classes the holdout has against the holdout. A champion's keep the
 * form that they were judged in, so of theirs only the meaning is held against it.
 */
export function checkContract(
  answers: Answers,
  {
    expected,
    truth,
    who,
  }: { readonly expected: AnswersContract; readonly truth: Truth; readonly who: 'champion' | 'challenger' },
): readonly Problem[] {
  const wanted = who === 'champion' ? meaningOf(expected) : expected;
  const keys = unmetKeys(wanted, answers.contract);
  if (keys.length > 0) return [otherContract(keys, who)];
  const isSound = areLabelsSound(answers, expected, truth) && areClassesSound(answers, truth);
  return isSound ? [] : [otherContract(['labels', 'classes'], who)];
}

/**
 * Labels stand for other names only where somebody says so, where they are places of the classes, counted from zero, or where they are flags
 * for 0 and 1.
 */
function areLabelsSound({ task, contract }: Answers, expected: AnswersContract, { names }: Truth): boolean {
  const { labels, classes = [] } = contract;
  if (labels === undefined || expected.labels !== undefined) return true;
  // Of a row of several classes the runtime concludes nothing.
  if (task === 'multilabel') return false;
  const places = Object.entries(labels);
  const arePlaces =
    places.length === classes.length && places.every(([place, name]) => classes[Number(place)] === name);
  const known = new Set(classes);
  if (areFlags(labels, known)) return names.every((name) => Object.hasOwn(FLAGS, name));
  return arePlaces && names.includes('0') && !names.some((name) => known.has(name));
}

const FLAGS: Readonly<Record<string, string>> = { False: '0', True: '1' };

function areFlags(labels: Readonly<Record<string, string>>, classes: ReadonlySet<string>): boolean {
  const isSame = Object.entries(labels).every(([label, name]) => FLAGS[label] === name);
  return (
    isSame && Object.keys(labels).length === 2 && classes.symmetricDifference(new Set(['0', '1'])).size === 0
  );
}

/** The classes are those of the contract, and of two the positive one comes last; where none are listed they are the holdout's labels. */
function areClassesSound({ task, classes, isClosed, contract }: Answers, truth: Truth): boolean {
  if (task === 'multilabel') return isClosed && isSameList(contract.classes, classes);
  if (task === 'quantiles')
    return isSameList(
      contract.quantiles?.map(String),
      classes.map((name) => String(Number(name))),
    );
  if (task !== 'binary' && task !== 'multiclass') return classes.length === 0;
  const listed = isClosed ? contract.classes : truth.names.map((name) => nameClass(contract, name));
  const isSame = new Set(listed).symmetricDifference(new Set(classes)).size === 0;
  const { positive } = contract;
  return isSame && (positive === undefined || classes.at(-1) === positive);
}

function isSameList(left: readonly string[] = [], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name, place) => name === right[place]);
}

/** The class that a label stands for. */
export function nameClass({ labels }: AnswersContract, label: string): string {
  return labels !== undefined && Object.hasOwn(labels, label) ? (labels[label] ?? label) : label;
}

function otherContract(keys: readonly AnswersKey[], who: string): Problem {
  return {
    code: 'other-contract',
    message: `The answers of the ${who} were read by another ${keys.map(writeAnswersKey).join(', ')} than the default branch and the ledger say.`,
    remedy: 'Run all jobs again: those that predict and the one that judges must work on the same commit.',
  };
}
