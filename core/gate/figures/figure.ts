import type { Block } from '../../report/report.ts';
import type { Sample, Side } from '../predictions.ts';

/** One of the models that a figure shows: what it is called, and what it answered. */
export type ShownModel = {
  readonly who: 'champion' | 'challenger';
  readonly name: string;
  readonly side: Side;
};

/** The rows, and the models beside each other; the champion, where there is one, comes first. */
export type Shown = { readonly sample: Sample; readonly models: readonly ShownModel[] };

/** The same figure twice: as a picture in a file of its own, and as blocks of a report, since GitHub shows no picture in one. */
export type GateFigure = {
  /** Name of the file. */
  readonly file: string;
  readonly title: string;
  readonly svg: string;
  readonly blocks: readonly Block[];
};
