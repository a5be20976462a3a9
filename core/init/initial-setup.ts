import type { Task } from '../answers/contract.ts';
import type { Scalar } from '../config/config.ts';
import type { AdoptedModel } from './adopt-model.ts';

/** What models do, as far as a metric is proposed for it. */
export type JudgedTask = 'classification' | 'regression' | 'ranking' | 'text';

/** A function of the user's own that gives a number for each row. */
export type OwnMeasure = { readonly name: string; readonly place: string };

/** What a new configuration is written from. */
export type InitialSetup = {
  readonly model: string;
  readonly project: {
    /** Folder of the MLproject file, from the root of the repository. */
    readonly folder: string;
    readonly etl?: string;
    readonly train: string;
    readonly parameters: Readonly<Record<string, Scalar>>;
    /** A model that is to serve before any is trained: an entry point of its own logs it. */
    readonly adopts?: AdoptedModel;
  };
  readonly inputs: readonly string[];
  /** What brings the data in every job, where git does not hold them. */
  readonly fetch?: string;
  readonly holdout: {
    readonly path: string;
    readonly target: string;
    readonly id?: string;
    readonly time?: string;
    /** Column of what examples share; for a ranking, of their query. */
    readonly group?: string;
    /** How many examples it has. */
    readonly rows: number;
    /** How many different values the column of the group has. */
    readonly groups?: number;
  };
  readonly task: JudgedTask;
  /** What models answer, where somebody says it or nothing could be read otherwise, and where that comes from. */
  readonly answers?: { readonly task: Task; readonly from: string };
  /** What judges a free text. */
  readonly measure?: OwnMeasure;
  /** Where runs are found in MLflow, where that is not the name of the model. */
  readonly experiment?: string;
  /** What a first model has to show at least, in the metric of its task, and where that comes from. Without it nothing passes at first. */
  readonly limit?: { readonly value: number; readonly from: string };
  /** Agents of the serving hosts; none where nothing serves yet. */
  readonly hosts: readonly string[];
};
