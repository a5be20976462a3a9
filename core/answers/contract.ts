import { z } from 'zod';

/**
 * What an answer is: one of two classes, one of many, or any number of them; a number, several quantiles of one, or how relevant a row is
 * beside the others of its query; a free text, or a name out of more than can be listed.
 */
export const TASKS = [
  'binary',
  'multiclass',
  'multilabel',
  'regression',
  'quantiles',
  'ranking',
  'text',
  'open',
] as const;

export type Task = (typeof TASKS)[number];

/** Stands between the classes of one row, and alone where a row has none of them. */
export const LABEL_SEPARATOR = '|';

/** The classes that a text names, each once, in order of their appearance: as the runtime does (`split_labels`). */
export function splitLabels(text: string): readonly string[] {
  const names = text.split(LABEL_SEPARATOR).map(stripSpace);
  return [...new Set(names.filter((name) => name !== ''))];
}

/** A text without the space around it that Python's `strip` takes away; `trim` leaves some of it, and takes a byte order mark. */
function stripSpace(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isSpace(text.charAt(start))) start += 1;
  while (end > start && isSpace(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

/** Unicode's white space, and the four separators of ASCII. */
function isSpace(character: string): boolean {
  return /\p{White_Space}/u.test(character) || (character >= '\u001C' && character <= '\u001F');
}

/** What scores are: probabilities that sum to one, logits that a softmax makes such, or none that are to be read. */
export const SCALES = ['probabilities', 'logits', 'none'] as const;

/**
 * What a model answers, as far as somebody says it. Names of classes are written as Python writes their values: `1`, `True`, `fraud`.
 */
export const answersSchema = z.object({
  task: z.enum(TASKS).exactOptional(),
  /** In the order of the score columns. */
  classes: z.array(z.string()).readonly().exactOptional(),
  /** The class of two that is looked for. */
  positive: z.string().exactOptional(),
  /** The quantiles that are predicted, increasing: each is the share of targets that lie below it. */
  quantiles: z.array(z.number()).readonly().exactOptional(),
  /** The class that a label of the holdout stands for, where they are written differently. */
  labels: z.record(z.string(), z.string()).readonly().exactOptional(),
  /** The column or key that the class, the number or the text stands in. */
  prediction: z.string().exactOptional(),
  /** Columns or keys of the scores, in the order of the classes, or of the quantiles; one alone holds that of the positive class. */
  scoreColumns: z.array(z.string()).readonly().exactOptional(),
  scores: z.enum(SCALES).exactOptional(),
});
export type AnswersContract = Readonly<z.infer<typeof answersSchema>>;
export type AnswersKey = keyof AnswersContract;

/** The keys of a contract, as they are called in code, in the order in which people read them. */
export const ANSWERS_KEYS = [
  'task',
  'classes',
  'positive',
  'quantiles',
  'labels',
  'prediction',
  'scoreColumns',
  'scores',
] as const satisfies readonly AnswersKey[];

/** The keys that are said in both and differ: what is said in one alone takes nothing from the other. */
function differingKeys(left: AnswersContract, right: AnswersContract): readonly AnswersKey[] {
  return ANSWERS_KEYS.filter(
    (key) => left[key] !== undefined && right[key] !== undefined && !isSame(left[key], right[key]),
  );
}

/** The keys that are wanted and are otherwise, or not at all, in what there is. */
export function unmetKeys(wanted: AnswersContract, present: AnswersContract): readonly AnswersKey[] {
  return ANSWERS_KEYS.filter((key) => wanted[key] !== undefined && !isSame(wanted[key], present[key]));
}

/** The keys that are said otherwise in the two, or in one alone. */
export function changedKeys(left: AnswersContract, right: AnswersContract): readonly AnswersKey[] {
  return ANSWERS_KEYS.filter((key) => !isSame(left[key], right[key]));
}

/** Whether both say the same, key by key. */
export function isSameContract(left: AnswersContract, right: AnswersContract): boolean {
  return changedKeys(left, right).length === 0;
}

/** A key as it is written under `answers` in trainyard.yml. */
export function writeAnswersKey(key: AnswersKey): string {
  return key === 'scoreColumns' ? 'score-columns' : key;
}

/**
 * What models are read by: what is declared, and for the rest what the ledger has fixed. A declaration that contradicts what is fixed
 * stands alone: what was concluded from the other one may not hold.
 */
export function mergeContracts(
  declared: AnswersContract,
  fixed: AnswersContract | undefined,
): AnswersContract {
  if (fixed === undefined || differingKeys(declared, fixed).length > 0) return declared;
  return { ...fixed, ...declared };
}

/** What is said of what answers mean, whoever gives them; the other keys say in what form one model gives them. */
export function meaningOf({ task, classes, positive, quantiles, labels }: AnswersContract): AnswersContract {
  return {
    ...(task !== undefined && { task }),
    ...(classes !== undefined && { classes }),
    ...(positive !== undefined && { positive }),
    ...(quantiles !== undefined && { quantiles }),
    ...(labels !== undefined && { labels }),
  };
}

/** How a model's answers are read. */
export type AnswersReading = {
  readonly contract: AnswersContract;
  /**
   * Whether a judgement has settled what they mean. Else answers that would be right if they meant something else are taken to be misread;
   * those of a model that has been right by the same meaning are wrong, as they are once the world has turned.
   */
  readonly isSettled: boolean;
};

/**
 * How a model that has been judged is read: by the meaning that is said now, in the form that its answers had then (`judged`). They have
 * it still, whatever form is stated for those to come. Where nobody knows it, it is concluded from the answers.
 */
export function readAsJudged(now: AnswersContract, judged: AnswersContract = {}): AnswersReading {
  const { prediction, scoreColumns, scores } = judged;
  const contract = {
    ...meaningOf(now),
    ...(prediction !== undefined && { prediction }),
    ...(scoreColumns !== undefined && { scoreColumns }),
    ...(scores !== undefined && { scores }),
  };
  return { contract, isSettled: isSettledBy(judged, now) };
}

/** Whether a judgement by `judged` has settled that answers mean what is said of them `now`. */
export function isSettledBy(judged: AnswersContract | undefined, now: AnswersContract): boolean {
  return judged?.task !== undefined && isSameContract(meaningOf(judged), meaningOf(now));
}

function isSame(left: AnswersContract[AnswersKey], right: AnswersContract[AnswersKey]): boolean {
  return canonical(left) === canonical(right);
}

/** A value as a text; a mapping is the same whatever the order of its keys. */
function canonical(value: AnswersContract[AnswersKey]): string | undefined {
  if (typeof value !== 'object' || Array.isArray(value)) return JSON.stringify(value);
  const sorted = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return JSON.stringify(sorted);
}
