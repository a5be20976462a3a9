import type { AnswersReading, Task } from './answers/contract.ts';
import type { BoxLevel } from './box-level.ts';
import type { ColumnRoles, ExplainPolicy, Holdout, Serving, ServingInput } from './config/config.ts';
import type { BatchTimes } from './serving/batching/batch-search.ts';
import type { BatchPlan } from './serving/batching/choose-batch-size.ts';
import type { ServingSettings } from './serving/package-manifest.ts';

export type EvaluationRequest = {
  /** Models to be run on the holdout, and where the predictions of each go, and what they hang on, where that is wanted. */
  readonly targets: readonly {
    readonly modelUri: string;
    readonly predictions: string;
    readonly explanation?: string;
  }[];
  readonly holdout: Holdout;
  /** Files of examples that each model is asked about too, relative to the workspace. */
  readonly examples: readonly string[];
  readonly answers: AnswersReading;
  /** How pictures of the holdout become what the models take. */
  readonly input: ServingInput | undefined;
  /** What is wanted of what the answers hang on; then each target says where that goes. It has its time beside that of the box. */
  readonly explain?: ExplainPolicy;
};

/** What the Python side says of one model's predictions. */
export type Evaluation = {
  readonly task: Task;
  readonly rows: number;
  readonly modelDigest: string;
  readonly holdoutDigest: string;
  readonly metrics: Readonly<Record<string, number>>;
  /** In what box the model ran. */
  readonly box: BoxLevel;
};

export type PackageRequest = {
  readonly modelUri: string;
  /** What its bytes must have: others are refused. */
  readonly modelDigest: string;
  readonly model: string;
  readonly version: string;
  readonly runId: string;
  readonly holdout: Holdout | undefined;
  readonly answers: AnswersReading;
  readonly serving: Serving;
  /** What columns of the holdout are, where that was said. */
  readonly columns: ColumnRoles;
  readonly folder: string;
};

/** The package that was built, in `folder` of the request. */
export type PackageOutput = {
  readonly manifestDigest: string;
  readonly sizeBytes: number;
  readonly format: string;
  /** In what box the model ran when it was packed. */
  readonly box: BoxLevel;
};

/** The Python that runs beside the model, in the model's own environment. */
export type PythonRuntime = {
  /** One evaluation per target, in their order. */
  readonly evaluate: (request: EvaluationRequest) => Promise<readonly Evaluation[]>;
  readonly buildPackage: (request: PackageRequest) => Promise<PackageOutput>;
  /**
   * Asks the package in `folder` its golden examples, with no GPU in sight where it is to be served without, and gives the times of `calls`
   * single requests in ms.
   */
  readonly measurePackage: (
    folder: string,
    calls: number,
    gpu: ServingSettings['gpu'],
  ) => Promise<readonly number[]>;
  /** Asks the package in `folder` batches of its golden examples, on a GPU where it is to be served on one, and gives their times. */
  readonly measureBatches: (
    folder: string,
    plan: BatchPlan,
    gpu: ServingSettings['gpu'],
  ) => Promise<BatchTimes>;
};
