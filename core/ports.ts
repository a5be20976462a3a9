import type { LabelCount } from './drift/labels/build-cohorts.ts';
import type { CaptureWindow } from './drift/window.ts';
import type { Problem } from './errors.ts';
import type { Instant } from './instant.ts';
import type { ModelContent } from './ledger/bundle/model-statement.ts';
import type { LedgerEvent } from './ledger/event.ts';
import type { LedgerState } from './ledger/state.ts';
import type { DispatchType } from './names.ts';
import type { PermissionLevel } from './permission.ts';
import type { BranchUpdate, CommitStatus, PullRequest } from './pull-request.ts';
import type { Result } from './result.ts';
import type { Observation } from './rollout/evidence/observation.ts';
import type { RolloutRecord } from './rollout/record/record.ts';
import type { AgentState, Instance, SetTraffic, StartInstance, Traffic } from './serving/api.ts';
import type { DispatchPayload } from './serving/dispatch-payload.ts';
import type { HourCounts } from './serving/hour-counts.ts';

/** Time, as the only way an effectful flow may learn or spend it. */
export type Clock = {
  /** The present as an ISO 8601 instant in UTC. */
  readonly now: () => string;
  /** Resolves after `milliseconds`; rejects when `signal` aborts. */
  readonly wait: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
};

/** Where a flow says what it is doing. */
export type Log = {
  readonly info: (line: string) => void;
  readonly warn: (line: string) => void;
  readonly group: <T>(title: string, work: () => Promise<T>) => Promise<T>;
};

/** A command to be run to its end, apart from any terminal. */
export type ProgramCall = {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What it reads from its standard input; nothing when left out. */
  readonly input?: string | Uint8Array;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Hears each line of both streams while the command runs. */
  readonly onLine?: (line: string) => void;
};

/** How a command ended, with all that it wrote. `code` is `undefined` unless it exited by itself. */
export type CommandEnd = {
  readonly code: number | undefined;
  readonly ended: 'exited' | 'timed-out' | 'aborted' | 'killed';
  readonly stdout: Uint8Array;
  readonly stderr: string;
};

/** Runs a command. A failing exit code is an answer; a command that can't be started is a UserError. */
export type RunCommand = (command: ProgramCall) => Promise<CommandEnd>;

/** What an append attempt wants to write, decided on the state it would be written to. Pure: it may be asked again after a race. */
export type Proposal = (state: LedgerState) => Result<readonly LedgerEvent[], Problem>;

/** The append-only record of decisions of one repository. */
export type Ledger = {
  /** All events of one model of kinds that this version knows, oldest first. */
  readonly history: (model: string) => Promise<readonly LedgerEvent[]>;
  /** The state of one model, folded from all its events. */
  readonly read: (model: string) => Promise<LedgerState>;
  /**
   * Fetch, fold, propose, commit, push fast-forward; on a lost race, again from the fetch. Events whose id the ledger already has
   * are left out, so a re-run writes nothing twice. Gives the state after the write, and what was written.
   */
  readonly append: (
    model: string,
    propose: Proposal,
  ) => Promise<Result<{ readonly state: LedgerState; readonly written: readonly LedgerEvent[] }, Problem>>;
};

export type RunStatus = 'RUNNING' | 'SCHEDULED' | 'FINISHED' | 'FAILED' | 'KILLED';

/** One MLflow run, as far as the chain needs it. Metrics are the latest values. */
export type TrackingRun = {
  readonly runId: string;
  readonly status: RunStatus;
  /** When it ended, where it has. */
  readonly endedAt?: Instant;
  readonly metrics: Readonly<Record<string, number>>;
  readonly parameters: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly url: string;
  /** `models:/m-…` URI of the model the run logged last, if any. */
  readonly modelUri: string | undefined;
};

/** A run to open: in which experiment, under which name and tags, and below which other run. */
export type NewRun = {
  readonly experiment: string;
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly parentRunId?: string;
};

/** What the tracking server knows of a logged model. */
export type LoggedModel = {
  readonly modelUri: string;
  readonly runId: string | undefined;
  readonly hasSignature: boolean;
  /** The signature as it is written there: JSON. */
  readonly signature?: { readonly inputs: string; readonly outputs?: string };
};

/** Where a version comes from. */
export type ModelSource = { readonly modelUri: string; readonly runId: string };

export type RegisteredVersion = ModelSource & {
  readonly version: string;
  readonly status: 'PENDING_REGISTRATION' | 'FAILED_REGISTRATION' | 'READY';
};

/** Data as MLflow shows them: a name, a digest, and where they come from. */
type Dataset = { readonly name: string; readonly digest: string; readonly source: object };

type Tags = Readonly<Record<string, string>>;

/** MLflow tracking and model registry. Whoever may train may write to it: what it gives is checked before it is believed. */
export type Tracking = {
  readonly uri: string;
  readonly check: () => Promise<void>;
  /** Rejects with a UserError where the run's artifacts can't be read through the server. */
  readonly checkArtifacts: (runId: string) => Promise<void>;
  /** Opens a run, in the state RUNNING; the experiment is made when it is missing. */
  readonly createRun: (request: NewRun) => Promise<TrackingRun>;
  readonly endRun: (runId: string, status: RunStatus) => Promise<void>;
  readonly getRun: (runId: string) => Promise<TrackingRun>;
  /** The runs of an experiment that carry all these tags, newest first; none when the experiment does not exist. */
  readonly findRuns: (experiment: string, tags: Tags) => Promise<readonly TrackingRun[]>;
  readonly setRunTags: (runId: string, tags: Tags) => Promise<void>;
  /** Adds parameters to a run. One that it has with another value is refused. */
  readonly logParameters: (runId: string, parameters: Readonly<Record<string, string>>) => Promise<void>;
  /** Shows with a run what it was trained on. */
  readonly logDataset: (runId: string, dataset: Dataset) => Promise<void>;
  readonly uploadArtifact: (runId: string, path: string, file: string) => Promise<void>;
  readonly downloadArtifact: (runId: string, path: string, file: string) => Promise<void>;
  /** Paths of the files directly below a folder of the run's artifacts; none when there is no such folder, or no such run. */
  readonly listArtifacts: (runId: string, path: string) => Promise<readonly string[]>;
  /** What a `models:/m-…` or `runs:/…` URI stands for; `undefined` when the server has no such model. */
  readonly getModel: (modelUri: string) => Promise<LoggedModel | undefined>;
  /** The digest of a logged model, computed from the bytes that the server gives now; `undefined` when it has no such model. */
  readonly digestModel: (modelUri: string) => Promise<string | undefined>;
  /** The same with the digest of each file, all of one reading of the bytes; `undefined` when it has no such model. */
  readonly readModelContent: (modelUri: string) => Promise<ModelContent | undefined>;
  /** A small text file of a logged model; `undefined` when it has none of that path. */
  readonly readModelText: (modelUri: string, path: string) => Promise<string | undefined>;
  /** Registers a logged model as the next version of `model`, and waits until it is READY. Idempotent by run id. */
  readonly register: (model: string, source: ModelSource, tags: Tags) => Promise<RegisteredVersion>;
  readonly setVersionTags: (model: string, version: string, tags: Tags) => Promise<void>;
  readonly getAlias: (model: string, alias: string) => Promise<string | undefined>;
  /** Points the alias at a version, or removes it when `version` is `undefined`. */
  readonly setAlias: (model: string, alias: string, version: string | undefined) => Promise<void>;
};

/** What past rollouts were decided on, kept with the run that made the version. */
export type RolloutRecords = {
  readonly keep: (runId: string, record: RolloutRecord) => Promise<void>;
  /** `undefined` when none was kept. */
  readonly find: (runId: string, rollout: string) => Promise<RolloutRecord | undefined>;
};

export type DeploymentState = 'queued' | 'in_progress' | 'success' | 'failure' | 'inactive';

/** What somebody wrote on an issue or a pull request; `at` is GitHub's time. */
export type PostedComment = {
  readonly id: number;
  readonly user: string;
  readonly body: string;
  readonly at: Instant;
};

/** The GitHub API, as far as Trainyard calls it, for one repository. */
export type GitHub = {
  readonly permissionOf: (user: string) => Promise<PermissionLevel>;
  readonly getPullRequest: (number: number) => Promise<PullRequest>;
  /** The text of a file at a commit; `undefined` when the commit has no such file. */
  readonly readFile: (file: string, sha: string) => Promise<string | undefined>;
  /** The newest change of a branch of `owner/name`; `undefined` when none is on record. */
  readonly newestUpdate: (repository: string, branch: string) => Promise<BranchUpdate | undefined>;
  /** Paths that differ between a commit and one that follows it; `undefined` when not all of them can be told. */
  readonly changedFiles: (before: string, after: string) => Promise<readonly string[] | undefined>;
  /** The newest comments of the repository, on issues and pull requests, newest first. Cheap to ask for again. */
  readonly newestComments: (signal: AbortSignal) => Promise<readonly PostedComment[]>;
  readonly react: (commentId: number, reaction: 'eyes' | 'rocket' | '-1' | '+1') => Promise<void>;
  /** Creates the comment that carries `marker` on this issue, or updates it in place; `body` may be made from what is there. Gives its URL. */
  readonly upsertComment: (
    issue: number,
    marker: string,
    body: string | ((previous: string | undefined) => string),
  ) => Promise<string>;
  /** Opens the issue titled so, or updates the open one. Gives its number. */
  readonly upsertIssue: (title: string, marker: string, body: string) => Promise<number>;
  /** Closes the open issue that carries `marker`, after writing `body` to it; nothing when there is none. */
  readonly closeIssue: (marker: string, body: string) => Promise<void>;
  /** Opens the deployment named `key`, or finds it: asking twice makes one. Gives its id. */
  readonly createDeployment: (request: {
    key: string;
    ref: string;
    environment: string;
    description: string;
    payload: unknown;
  }) => Promise<number>;
  /**
   * Sets how a deployment does, with the run's address as its log. Its own address is where people see more of it (`seenAt`), or else the
   * run's, whose summary says the same.
   */
  readonly setDeploymentStatus: (
    deployment: number,
    state: DeploymentState,
    told: { readonly description: string; readonly seenAt?: string | undefined },
  ) => Promise<void>;
  /** Shows beside a commit how it does, with the run's address; one context has one status. */
  readonly setCommitStatus: (sha: string, status: CommitStatus) => Promise<void>;
  /**
   * Puts a file with another text on a new branch that begins at a commit, and opens a pull request into `base` (without it, the default
   * branch). Asked again it finds both. Gives its address.
   */
  readonly proposeChange: (change: {
    branch: string;
    from: string;
    base?: string;
    file: string;
    text: string;
    title: string;
    body: string;
  }) => Promise<string>;
  readonly dispatch: (type: DispatchType, payload: DispatchPayload) => Promise<void>;
  /** When the schedule last ran a workflow that calls `called` (a file name), this run apart; `undefined` when none is on record. */
  readonly lastScheduledRun: (called: string, thisRun: string) => Promise<string | undefined>;
  /** How a run of a workflow has ended, in GitHub's word; `undefined` while it is not over, and where GitHub has none of that id. */
  readonly conclusionOf: (run: string) => Promise<string | undefined>;
};

/** One agent, by its API. Every call is retried within limits; a host that cannot be reached rejects with a ServiceError. */
export type AgentPort = {
  readonly url: string;
  /** The same agent for orders that can't wait: each call has two tries, of seconds. */
  readonly urgent: () => AgentPort;
  /** Whether the host answers now: asked once, for a few seconds at most. */
  readonly isUp: () => Promise<boolean>;
  readonly state: () => Promise<AgentState>;
  /** Uploads a file unless the agent already has the blob of that digest. */
  readonly putBlob: (digest: string, file: string) => Promise<void>;
  readonly startInstance: (model: string, version: string, request: StartInstance) => Promise<Instance>;
  readonly getInstance: (model: string, version: string) => Promise<Instance | undefined>;
  readonly stopInstance: (model: string, version: string) => Promise<void>;
  readonly getTraffic: (model: string) => Promise<Traffic | undefined>;
  /** Sets traffic if the revision is still `expected` (`undefined`: there is none yet); else gives the present one as error. */
  readonly setTraffic: (
    model: string,
    traffic: SetTraffic,
    expected: number | undefined,
  ) => Promise<Result<Traffic, Traffic>>;
  readonly observations: (model: string, rollout: string, after: number) => Promise<readonly Observation[]>;
  /** The same of all rollouts and of none, from that instant on. */
  readonly observationsSince: (
    model: string,
    since: Instant,
    after: number,
  ) => Promise<readonly Observation[]>;
  /** What was seen of the stable version by hour (UTC), from that instant on; `undefined` of an agent that does not tell it so. */
  readonly hours: (model: string, since: Instant) => Promise<readonly HourCounts[] | undefined>;
  readonly windows: (model: string, after: number) => Promise<readonly CaptureWindow[]>;
  /** Late labels of a version that this host has joined with its predictions, by day and confidence bin. */
  readonly labels: (model: string, version: string) => Promise<readonly LabelCount[]>;
};
