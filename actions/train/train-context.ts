import type { Config, Holdout, Scalar } from '../../core/config/config.ts';
import type { SearchSummary } from '../../core/ledger/search/search-summary.ts';
import type { Study } from '../../core/ledger/search/study.ts';
import type { TrainedModel } from '../../core/plan/chain/handed-on.ts';
import type { Clock, Log, Tracking, TrackingRun } from '../../core/ports.ts';
import type { ProjectRunner } from '../../core/project-port.ts';
import type { SearchRunner } from '../../core/search-port.ts';
import type { Checkpoints } from '../../core/training/checkpoints.ts';
import type { Holder, LeaseTimes } from '../../core/training/lease.ts';
import type { Plan } from '../job/handoff.ts';
import type { FetchData } from '../job/programs/fetch-data.ts';

/** What a training reads: the digest of all of it, and its files. */
export type HashedData = {
  readonly digest: string;
  readonly files: readonly { readonly path: string; readonly digest: string }[];
  /** Folders of it that had no file in them. */
  readonly empty: readonly string[];
};

/** Which training is asked for, by which run. */
export type TrainRequest = {
  readonly plan: Plan;
  readonly config: Config;
  readonly workspace: string;
  readonly repository: string;
  /** Address of the repository. */
  readonly repositoryUrl: string;
  /** What the MLproject file takes for parameters that are not given. */
  readonly defaults: Readonly<Record<string, Scalar>>;
  readonly runUrl: string;
  /** The commit that its project is at, where that lies in another repository. */
  readonly projectCommit?: string;
  /** How many processes torchrun starts for it, where trainyard.yml says so. */
  readonly processes?: number;
  /** Which attempt at this training it is. */
  readonly holder: Holder;
  readonly leaseTimes: LeaseTimes;
  readonly signal: AbortSignal;
  /** Where its parameters come from. */
  readonly search?: FinishedSearch;
};

/** A training that has ended well: its run, its model as it left it, and the search that its parameters come from. */
export type Done = { readonly run: TrackingRun; readonly model: TrainedModel; readonly study?: Study };

/** A search that is over, and the files that its trainings read, where they are known. */
export type FinishedSearch = {
  readonly summary: SearchSummary;
  /** The commit that it searched for. */
  readonly sha: string;
  readonly files?: HashedData['files'];
};

/** What a training may touch. */
export type TrainPorts = {
  readonly tracking: Tracking;
  readonly project: ProjectRunner;
  readonly clock: Clock;
  readonly log: Log;
  readonly checkpoints: Checkpoints;
  /** Seals facts with the nonce that plan handed to the jobs of this training. */
  readonly seal: (facts: readonly string[]) => string;
  /** The commit that the project is at now; `undefined` where it is a folder of the commit at hand. */
  readonly findProjectCommit: () => Promise<string | undefined>;
  /** Brings the data of the workspace that git does not hold, before any of them are read. */
  readonly fetchData: FetchData;
  readonly hashData: (inputs: readonly string[]) => Promise<HashedData>;
  /** Rejects with a UserError when the holdout can't be read, or holds no label for each example. */
  readonly readHoldout: (holdout: Holdout) => Promise<unknown>;
  /** Writes a text to a temporary file and gives its path. */
  readonly writeTemp: (name: string, text: string) => Promise<string>;
  /** The files that a search read, as the ledger knows them by its artifact's digest. Rejects where they can't be told. */
  readonly readSearched: (search: SearchSummary) => Promise<HashedData['files']>;
};

/** What a search may touch besides. */
export type TunePorts = TrainPorts & {
  readonly search: SearchRunner;
  readonly hashText: (text: string) => string;
};
