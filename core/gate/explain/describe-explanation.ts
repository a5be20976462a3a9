import { shorten } from '../../report/shorten.ts';
import { formatChange, formatCount, formatNumber } from '../format-value.ts';
import {
  type Explanations,
  type FeaturePair,
  findBeside,
  groupImportances,
  listChanged,
} from './compare-importances.ts';
import { type Explanation, type Importances, isShown, type Measure } from './explanation.ts';

const MOST_NAMED = 3;
const NAME = 40;
const WHY = 300;

/** What an importance is, after a name of the method. */
const MEANINGS: Readonly<Record<Measure, string>> = {
  accuracy: 'accuracy lost when it is shuffled among the rows',
  mae: 'mean absolute error added when it is shuffled among the rows',
  'mean-pinball': 'mean pinball loss added when it is shuffled among the rows',
  'hamming-loss': 'Hamming loss added when it is shuffled among the rows',
  'score-change': 'mean change of the score when it is shuffled among the rows',
  'answers-changed': 'answers that change when it is shuffled among the rows',
  attribution: 'mean size of its part in the answer, in the model’s own unit',
};
const NONE_CAME =
  'no explanation came that can be read; the logs of this job and of the one that predicted say why.';
const RATES: ReadonlySet<Measure> = new Set(['accuracy', 'hamming-loss', 'answers-changed']);
const METHODS = {
  permutation: 'permutation',
  captum: 'Captum, Integrated Gradients',
  shap: 'SHAP, by the trees',
} as const;

/** An importance in the unit of its measure. */
export function formatImportance(value: number, measure: Measure): string {
  if (measure === 'attribution') return formatNumber(value);
  return formatChange(value, RATES.has(measure) ? 'rate' : 'number');
}

/** By what, on how much, and what is meant: for a picture and the text beside it. */
export function describeMethod({ method, measure, rows, of }: Importances): string {
  return `${METHODS[method]}, on ${formatCount(rows)} of ${formatCount(of)} rows: ${MEANINGS[measure]}.`;
}

/** Whether the default branch asks for explanations, and what of the champion: it is asked, or only what is kept of it is judged. */
type ExplanationsAsked = {
  readonly isAsked: boolean;
  readonly champion: 'none' | 'asked' | 'stored';
};

/**
 * What the report of a judgement says of what the answers hang on: most, and most otherwise than the champion’s, or why it is not known; and
 * what it cost. Nothing where nobody asked.
 */
export function describeExplanation(
  { challenger, champion }: Explanations,
  asked: ExplanationsAsked,
): readonly string[] {
  if (challenger === undefined) {
    return asked.isAsked ? [`What the challenger's answers hang on is not shown: ${NONE_CAME}`] : [];
  }
  if (!isShown(challenger)) {
    return [
      `What the challenger's answers hang on is not shown: ${sayWhy(challenger)} ${sayCost(challenger)}`,
    ];
  }
  const beside = findBeside(challenger, champion);
  const [all] = groupImportances(challenger, beside);
  const features = all?.features ?? [];
  return [
    `What the challenger's answers hang on most: ${listMost(features, challenger.measure)} (${describeMethod(challenger)}) ${sayCost(challenger)}`,
    ...(beside === undefined ? sayAlone(champion, asked) : sayChanged(features, challenger.measure)),
    ...sayLimits(challenger),
  ];
}

function listMost(features: readonly FeaturePair[], measure: Measure): string {
  const own = features.flatMap(({ name, challenger }) =>
    challenger === undefined ? [] : [{ name, challenger }],
  );
  return own
    .toSorted((left, right) => right.challenger - left.challenger)
    .slice(0, MOST_NAMED)
    .map(({ name, challenger }) => `${shorten(name, NAME)} (${formatImportance(challenger, measure)})`)
    .join(', ');
}

function sayChanged(features: readonly FeaturePair[], measure: Measure): readonly string[] {
  const [most] = listChanged(features);
  if (most?.challenger === undefined || most.champion === undefined) return [];
  const [before, now] = [most.champion, most.challenger].map((value) => formatImportance(value, measure));
  return [`Most changed since the champion: ${shorten(most.name, NAME)}, from ${before} to ${now}.`];
}

/** Why the champion does not stand beside it. */
function sayAlone(champion: Explanation | undefined, asked: ExplanationsAsked): readonly string[] {
  if (asked.champion === 'none') return [];
  const why = asked.champion === 'stored' ? 'it is not asked (models.champion: stored).' : sayApart(champion);
  return [`What the champion's answers hang on does not stand beside it: ${why}`];
}

function sayApart(champion: Explanation | undefined): string {
  if (champion === undefined) return NONE_CAME;
  return isShown(champion) ? `it was explained otherwise (${describeMethod(champion)}).` : sayWhy(champion);
}

function sayLimits({ done, features, values, stopped, instead, asked }: Importances): readonly string[] {
  const ended =
    stopped === undefined
      ? []
      : [
          `Its explanation ended early, with ${done} of ${features.length} inputs done: ${stopped === 'time' ? `there was no time for more (models.explain.timeout: ${asked.seconds}s).` : toSentence(stopped)}`,
        ];
  const instance = instead === undefined ? [] : [`It is explained by permutation: ${toSentence(instead)}`];
  const grouped =
    values > features.length
      ? [
          `Its ${formatCount(values)} inputs are not told one by one: they are taken together as ${features.length}.`,
        ]
      : [];
  return [...ended, ...instance, ...grouped];
}

function sayWhy({ why, asked }: Extract<Explanation, { readonly why: string }>): string {
  return why === 'time'
    ? `there was no time for it (models.explain.timeout: ${asked.seconds}s).`
    : toSentence(why);
}

function sayCost({ seconds, evaluationSeconds }: Explanation): string {
  const times =
    evaluationSeconds > 0
      ? `, ${formatNumber(Number((seconds / evaluationSeconds).toPrecision(2)))} times what its predictions did`
      : '';
  return `It took ${formatNumber(Number(seconds.toPrecision(2)))} s${times}.`;
}

function toSentence(text: string): string {
  return `${shorten(text, WHY).replace(/\.+$/, '')}.`;
}
