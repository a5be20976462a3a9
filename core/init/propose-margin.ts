import { rowsForMargin } from '../statistics/sample-size.ts';
import type { JudgedTask } from './initial-setup.ts';

/** A margin as the configuration has it, and how many examples it takes. */
type Proposed = {
  readonly margin: string;
  readonly takes: number;
  /** The smallest that is proposed to anybody, where these examples can't settle it. */
  readonly usual?: { readonly margin: string; readonly takes: number };
};

type Margins = readonly (readonly [string, number])[];
const SHARES_OF_ONE: Margins = [
  ['0.5pp', 0.005],
  ['1pp', 0.01],
  ['2pp', 0.02],
  ['5pp', 0.05],
];
const SHARES_OF_THE_VALUE: Margins = [
  ['1%', 0.01],
  ['2%', 0.02],
  ['5%', 0.05],
  ['10%', 0.1],
];
/** Margins from the smallest that anybody asks for to the largest that still says something. Nobody knows the unit of a text's own measure. */
const MARGINS: Readonly<Record<JudgedTask, Margins>> = {
  ...{ classification: SHARES_OF_ONE, ranking: SHARES_OF_ONE },
  ...{ regression: SHARES_OF_THE_VALUE, text: SHARES_OF_THE_VALUE },
};
/**
 * How far two trainings of the same code usually lie apart on one example, as a standard deviation: of the rightness, where one of
 * twenty examples is right in one of them alone (the root of 0.05); of the absolute error, or of a measure, as a share of its mean; of the
 * NDCG of one query. A forecast only: the report of each gate has the figures of the two models at hand.
 */
const SPREAD: Readonly<Record<JudgedTask, number>> = {
  ...{ classification: Math.sqrt(0.05), regression: 0.5 },
  ...{ ranking: 0.1, text: 0.5 },
};
/** Harm of a kind that no example shows, at 95 %: three in as many examples (the rule of three). */
const UNSEEN: Readonly<Record<JudgedTask, number>> = {
  classification: 3,
  regression: 0,
  ranking: 3,
  text: 0,
};

/**
 * The smallest margin that `rows` examples, or queries of a ranking, are likely to settle for two equal models; the largest there is
 * where they settle none.
 */
export function proposeMargin(task: JudgedTask, rows: number): Proposed {
  const precision = { standardError: SPREAD[task], unseen: UNSEEN[task] };
  const all = MARGINS[task].map(([margin, size]) => ({
    margin,
    takes: round(rowsForMargin(1, precision, size)),
  }));
  const [usual = { margin: '', takes: 0 }] = all;
  const proposed = all.find(({ takes }) => takes <= rows) ?? all.at(-1) ?? usual;
  return proposed.margin === usual.margin ? proposed : { ...proposed, usual };
}

/** To two digits: no forecast knows more. */
function round(rows: number): number {
  return Number(rows.toPrecision(2));
}
