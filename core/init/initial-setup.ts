import type { Scalar } from '../config/config.ts';

/** What a new configuration is written from. */
export type InitialSetup = {
  readonly model: string;
  readonly project: {
    /** Folder of the MLproject file, from the root of the repository. */
    readonly folder: string;
    readonly etl?: string;
    readonly train: string;
    readonly parameters: Readonly<Record<string, Scalar>>;
  };
  readonly inputs: readonly string[];
  readonly holdout: {
    readonly path: string;
    readonly target: string;
    readonly id?: string;
    readonly time?: string;
    /** How many examples it has. */
    readonly rows: number;
  };
  readonly task: 'classification' | 'regression';
  /** What the signature of the newest model says of its answers, where nothing of it could be read otherwise. */
  readonly answers?: 'regression';
  /** Where runs are found in MLflow, where that is not the name of the model. */
  readonly experiment?: string;
  /** What a first model has to show at least, in the metric of its task, and where that comes from. Without it nothing passes at first. */
  readonly limit?: { readonly value: number; readonly from: string };
  /** Agents of the serving hosts; none where nothing serves yet. */
  readonly hosts: readonly string[];
};
