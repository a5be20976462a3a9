import { rowsForMargin } from '../statistics/sample-size.ts';
import type { InitialSetup } from './initial-setup.ts';

type Task = InitialSetup['task'];

/** A margin as the configuration has it, and how many examples it takes. */
type Proposed = {
  readonly margin: string;
  readonly takes: number;
  /** The smallest that is proposed to anybody, where these examples can't settle it. */
  readonly usual?: { readonly margin: string; readonly takes: number };
};

/** Margins from the smallest that anybody asks for to the largest that still says something; their sizes are shares of 1, or of the error. */
const MARGINS: Readonly<Record<Task, readonly (readonly [string, number])[]>> = {
  classification: [
    ['0.5pp', 0.005],
    ['1pp', 0.01],
    ['2pp', 0.02],
    ['5pp', 0.05],
  ],
  regression: [
    ['1%', 0.01],
    ['2%', 0.02],
    ['5%', 0.05],
    ['10%', 0.1],
  ],
};
/**
 * How far two trainings of the same code usually lie apart on one example, as a standard deviation: of the rightness, where one of
 * twenty examples is right in one of them alone (the root of 0.05), and of the absolute error as a share of its mean. A forecast only: the
 * report of each gate has the figures of the two models at hand.
 */
const SPREAD: Readonly<Record<Task, number>> = { classification: Math.sqrt(0.05), regression: 0.5 };
/** Harm of a kind that no example shows, at 95 %: three in as many examples (the rule of three). */
const UNSEEN: Readonly<Record<Task, number>> = { classification: 3, regression: 0 };

/** The smallest margin that `rows` examples are likely to settle for two equal models; the largest there is where they settle none. */
export function proposeMargin(task: Task, rows: number): Proposed {
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
