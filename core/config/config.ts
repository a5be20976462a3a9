import type { AnswersContract } from '../answers/contract.ts';
import type { GateRule } from '../gate/rules/rule.ts';
import type { NoticeForm } from '../names.ts';
import type { PermissionLevel } from '../permission.ts';
import type { RolloutPlan } from '../rollout/rollout-plan.ts';
import type { ServingSettings } from '../serving/package-manifest.ts';
import type { Remote } from '../training/remote.ts';
import type { Fingerprints } from './host-address.ts';
import type { EXPLAIN_METHODS } from './schema/explain.ts';
import type { PROJECT_ENVIRONMENTS } from './schema/project.ts';
import type { Rate } from './schema/quantity.ts';
import type { ColumnRole } from './schema/schema.ts';
import type { PRUNINGS } from './schema/search.ts';

export type Scalar = string | number | boolean;

export type ProjectEnvironment = (typeof PROJECT_ENVIRONMENTS)[number];

type Project = {
  readonly uri: string;
  /** Branch, tag or commit of a project in another repository. */
  readonly version?: string;
  readonly environment: ProjectEnvironment;
  /** How many processes torchrun starts: `auto` is one for each GPU. */
  readonly processes?: 'auto' | number;
  /** What runs the steps in place of the runner. */
  readonly remote?: Remote;
  readonly steps: { readonly etl?: string; readonly train: string };
  readonly parameters: Readonly<Record<string, Scalar>>;
  readonly timeoutSeconds: number;
};

export type Holdout = {
  readonly path: string;
  /** SHA-256 that the file must have. */
  readonly digest?: string;
  readonly target: string;
  readonly id?: string;
  readonly group?: string;
  /** Column of the time of each example: the reference profile then knows how much usual days differ. */
  readonly time?: string;
  readonly slices: readonly string[];
  /** All columns that a model may be given; without it any that its signature names but target, id, group and time. */
  readonly inputs?: readonly string[];
  /** Metrics of the user's own, computed row by row: `file.py:function` by name. */
  readonly metrics: Readonly<Record<string, string>>;
};

/** What a model is trained and judged on. */
export type DataSection = {
  /** The command line that brings what git does not hold, for a shell. */
  readonly fetch?: string;
  readonly inputs: readonly string[];
  readonly holdout?: Holdout;
};

export type SearchDimension =
  | { readonly kind: 'uniform' | 'log' | 'int'; readonly low: number; readonly high: number }
  | { readonly kind: 'choice'; readonly values: readonly Scalar[] };

export type Search = {
  readonly trials: number;
  readonly jobs: number;
  /** Runners that search at the same time. */
  readonly runners: number;
  readonly storage?: string;
  readonly metric: string;
  readonly direction: 'maximize' | 'minimize';
  readonly timeoutSeconds?: number;
  readonly seed: number;
  readonly pruning: (typeof PRUNINGS)[number];
  /** Values of other parameters while it searches. */
  readonly parameters: Readonly<Record<string, Scalar>>;
  readonly space: Readonly<Record<string, SearchDimension>>;
};

/** How a picture becomes the model's input (runtime/trainyard/picture_steps.py). */
export type ServingInput = {
  readonly kind: 'image';
  /** Height and width. */
  readonly size: readonly [number, number];
  readonly mode: 'L' | 'RGB';
  /** What the shorter side is scaled to before the middle is cut out; without it the picture is stretched. */
  readonly shorterSide?: number;
  readonly interpolation: 'nearest' | 'bilinear' | 'bicubic';
  readonly scale: number;
  /** One number, or one for each channel. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly layout: 'CHW' | 'HWC' | 'HW';
};

export type Serving = {
  readonly framework: 'torchserve';
  readonly format: 'auto' | 'torchscript' | 'pt2' | 'pyfunc';
  /** Repository of the container images, with its registry; without it versions are served as processes. */
  readonly repository?: string;
  /** Base image of the container. */
  readonly image?: string;
  /** Requirements or lock file of the container, relative to the workspace. */
  readonly requirements?: string;
  readonly input?: ServingInput;
  readonly settings: Omit<ServingSettings, 'batchSize'> & {
    /** `auto`: the build finds it. */
    readonly batchSize: ServingSettings['batchSize'] | 'auto';
  };
};

export type Environment = {
  readonly hosts: readonly string[];
  /** SHA-256 (`AB:CD:…`) of the one certificate that is taken, of the hosts that have one: ask by `fingerprintOf`. */
  readonly fingerprints?: Fingerprints;
  readonly rollout: RolloutPlan;
  readonly shadowSeconds: number;
  readonly leaseSeconds: number;
  /** So many of the hosts may be out of reach while a candidate is rolled out. */
  readonly maxUnavailable: number;
};

/** What columns are to drift, by their names. */
export type ColumnRoles = Readonly<Record<string, ColumnRole | 'left-out'>>;

export type Monitor = {
  /** `tolerance`, `warn` and `act` are population stability indices. */
  readonly drift: {
    readonly tolerance: number;
    readonly warn: number;
    readonly act: number;
    readonly cycleSeconds: number;
    readonly falseAlarmSeconds: number;
    readonly columns: ColumnRoles;
  };
  readonly stalenessSeconds?: number;
  readonly heartbeatSeconds: number;
  /** The form in which a service outside of GitHub is told. */
  readonly notify: NoticeForm;
  readonly everySeconds: number;
  readonly retrain: { readonly automatic: boolean; readonly cooldownSeconds: number; readonly atMost: Rate };
  readonly labels: { readonly maturitySeconds: number };
};

type Commands = {
  readonly allow: readonly PermissionLevel[];
  /** Obeyed whatever their role. */
  readonly users: readonly string[];
  readonly forks: boolean;
};

/** What user code runs in; read from the default branch. */
export type BoxPolicy = {
  /** Whether it may run only where it can be boxed in namespaces. */
  readonly require: boolean;
  readonly timeoutSeconds: number;
  readonly memoryBytes?: number;
};

/** How models are asked when they are judged; read from the default branch. */
export type ModelsPolicy = {
  /** The environment that each was logged with, or the runner's Python for all. */
  readonly environment: 'own' | 'runner';
  /** Whether the champion is asked anew where need be, or only ever judged by what is kept of it. */
  readonly champion: 'predict' | 'stored';
  /** How it is measured what their answers hang on, where that is asked for. */
  readonly explain?: ExplainPolicy;
};

/** By what method, on how many rows of the holdout, and how long one model may take for it. */
export type ExplainPolicy = {
  readonly method: (typeof EXPLAIN_METHODS)[number];
  readonly rows: number;
  readonly timeoutSeconds: number;
};

/** A valid `trainyard.yml`, defaults filled in. Times are in seconds, shares from 0 to 1. */
export type Config = {
  readonly model: string;
  readonly tracking: { readonly uri: string; readonly experiment: string };
  readonly project: Project;
  readonly data: DataSection;
  /** As far as the file says it. */
  readonly answers: AnswersContract;
  readonly search?: Search;
  readonly gate: readonly GateRule[];
  readonly box: BoxPolicy;
  readonly models: ModelsPolicy;
  readonly serving: Serving;
  /** By name, in the order of the file. */
  readonly environments: Readonly<Record<string, Environment>>;
  readonly monitor: Monitor;
  readonly commands: Commands;
};

/** The environment meant when none is named: `production`, else the last of the file; `undefined` when there is none. */
export function defaultEnvironment(config: Config): string | undefined {
  const names = Object.keys(config.environments);
  return names.includes('production') ? 'production' : names.at(-1);
}
