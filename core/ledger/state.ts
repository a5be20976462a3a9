import type { AnswersContract } from '../answers/contract.ts';
import type { Problem } from '../errors.ts';
import { secondsBetween } from '../instant.ts';
import type { Verdict } from '../verdict.ts';
import type { Cause } from './cause.ts';
import type { UnsignedBeginning } from './chain/unsigned-beginning.ts';
import type { LedgerEventData, LOCK_TYPES } from './event.ts';
import type { Mute } from './mutes/mute.ts';
import type { SearchSummary } from './search/search-summary.ts';
import type { Study } from './search/study.ts';

export type LockType = (typeof LOCK_TYPES)[number];

/** A version that serves, or served, all traffic of an environment. `package` is `<model>@sha256:…`. */
export type Deployed = { readonly version: string; readonly package: string; readonly at: string };

/** Why and since when a rollout stands still. */
type Hold = {
  readonly at: string;
  readonly actor: string;
  readonly code: string;
  readonly explanation: string;
};

/** A rollout that is neither promoted nor rolled back. `percent` is 0 until the first advance: the candidate is dark. */
export type Rollout = {
  readonly id: string;
  readonly version: string;
  readonly stable?: string | undefined;
  readonly package: string;
  readonly hosts: readonly string[];
  readonly stages: readonly number[];
  readonly alpha: number;
  /** Index into `stages`. */
  readonly stage: number;
  readonly percent: number;
  readonly startedAt: string;
  readonly stageStartedAt: string;
  readonly held?: Hold | undefined;
  /** Time that people have held it for before the present hold, in seconds: `secondsHeld` adds that. */
  readonly heldSeconds: number;
  readonly actor: string;
  readonly cause: Cause;
};

/** How a rollout, or a rollback of a champion, ended. `code` is the reason of a rollback. */
export type RolloutOutcome = {
  readonly rollout: string;
  readonly version: string;
  readonly outcome: 'promoted' | 'rolled-back';
  readonly at: string;
  /** When the rollout of a promotion began. */
  readonly startedAt?: string | undefined;
  readonly code?: string | undefined;
  readonly explanation: string;
};

export type Freeze = { readonly at: string; readonly actor: string; readonly reason: string };

/** What monitor-check last said of an environment. */
type MonitorJudgement = {
  readonly at: string;
  readonly action: 'none' | 'investigate' | 'retrain' | 'rollback' | 'rebuild';
  readonly codes: readonly string[];
  readonly explanation: string;
  readonly muted?: readonly string[] | undefined;
  /** The hosts that could not be asked, and the judgement since which none could: they were silent before it. */
  readonly lost?: readonly LostHost[] | undefined;
};

type LostHost = { readonly host: string; readonly since: string };

export type EnvironmentState = {
  readonly champion?: Deployed | undefined;
  /** What a rollback without a version returns to. */
  readonly previous?: Deployed | undefined;
  readonly rollout?: Rollout | undefined;
  readonly frozen?: Freeze | undefined;
  readonly monitor?: MonitorJudgement | undefined;
  /** What people have muted of this champion, also what is over since: `mutesAt` gives those that hold. */
  readonly mutes?: readonly Mute[] | undefined;
  /** Ended rollouts, oldest first. */
  readonly history: readonly RolloutOutcome[];
  /** The last word of a person for a version, by version: it was named for a rollout, or returned to. */
  readonly words?: Readonly<Record<string, PersonsWord>> | undefined;
};

/** Who spoke for a version and when, and the rollout or the return it was for. */
export type PersonsWord = { readonly rollout: string; readonly actor: string; readonly at: string };

export type GateJudgement = {
  readonly runId: string;
  readonly verdict: Verdict;
  readonly headline: string;
  readonly holdoutDigest: string;
  readonly evidenceDigest: string;
  readonly modelDigest?: string | undefined;
  readonly champion?: string | undefined;
  readonly predictions?: string | undefined;
  readonly championPredictions?: string | undefined;
  readonly metrics?: Readonly<Record<string, number>> | undefined;
  readonly boxes?: LedgerEventData<'gate.judged'>['boxes'];
  /** What the run's answers were read by when it last passed. */
  readonly answers?: AnswersContract | undefined;
  readonly at: string;
};

/** The holdout that models are judged on, since when. */
export type FixedHoldout = LedgerEventData<'holdout.fixed'> & { readonly at: string };

/** What models of the name answer, since when. */
export type FixedAnswers = LedgerEventData<'answers.fixed'> & { readonly at: string };

export type BuiltPackage = {
  /** `<model>@sha256:…` */
  readonly package: string;
  readonly runId: string;
  /** Folder of the package inside the run's artifacts. */
  readonly artifactPath: string;
  readonly sizeBytes: number;
  readonly image?: string | undefined;
  readonly at: string;
};

export type VersionState = {
  readonly version: string;
  readonly runId: string;
  readonly modelUri: string;
  readonly modelDigest: string;
  readonly registeredAt: string;
  /** The last judgement of the run that made this version. */
  readonly gate?: GateJudgement | undefined;
  readonly package?: BuiltPackage | undefined;
};

/** One request for a new model, found by its correlation id; open while it is `requested` or `started`. */
export type Training = {
  readonly correlationId: string;
  readonly operation: 'train' | 'tune';
  readonly status: 'requested' | 'started' | 'finished' | 'failed';
  readonly sha: string;
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  readonly pullRequest?: number | undefined;
  readonly reason?: string | undefined;
  readonly environment?: string | undefined;
  /** How often it was lost and taken up again, and when last, by which run of the workflow. */
  readonly resumed?: { readonly round: number; readonly at: string; readonly run: string } | undefined;
  /** What follows the search at once. */
  readonly next?: 'train' | 'production' | undefined;
  /** Whether it may train only with the best parameters of a search, and on all the data of it. */
  readonly production?: true | undefined;
  readonly nonce?: string | undefined;
  readonly cause: Cause;
  readonly actor: string;
  /** The run of the workflow that was to carry it out. */
  readonly run: string;
  readonly requestedAt: string;
  readonly finishedAt?: string | undefined;
  readonly runId?: string | undefined;
  readonly modelUri?: string | undefined;
  readonly modelDigest?: string | undefined;
  readonly dataDigest?: string | undefined;
  readonly message?: string | undefined;
  /** The search that its parameters come from. */
  readonly study?: Study | undefined;
  /** What its search came to. */
  readonly search?: SearchSummary | undefined;
};

/** A training nobody asked for by hand: what the retrain budget counts. */
export type Retrain = { readonly at: string; readonly correlationId: string };

/** Holds for one model and, where it names one, one environment, until it is released or expires. */
export type Lock = {
  readonly lock: LockType;
  readonly environment?: string | undefined;
  readonly holder: string;
  readonly acquiredAt: string;
  readonly expiresAt: string;
};

/**
 * The commit of the ledger branch that a state was read from, the heads of lost ledgers that it replaces, and the digest of the line of
 * each event that counts, in their order.
 */
type LedgerOrigin = {
  readonly commit: string;
  readonly replaces: readonly string[];
  readonly digests: readonly string[];
  readonly beginning?: UnsignedBeginning | undefined;
};

/**
 * Why the newest commit of the ledger is not believed, where what takes back goes on all the same: by an `earlier` commit, and by what
 * waits to be written; or by that commit, `unproven`, for this job does not know its keys.
 */
type Doubt = { readonly kind: 'earlier' | 'unproven'; readonly problem: Problem };

/** Everything the ledger says of one model: the fold of its events, and where they were read. */
export type LedgerState = {
  readonly model: string;
  /** By name; an environment without events is absent (`environmentOf` gives it empty). */
  readonly environments: Readonly<Record<string, EnvironmentState>>;
  /** Freeze of all environments at once. */
  readonly frozen?: Freeze | undefined;
  readonly versions: Readonly<Record<string, VersionState>>;
  /** The last judgement of each run. */
  readonly gates: Readonly<Record<string, GateJudgement>>;
  /** By correlation id. */
  readonly trainings: Readonly<Record<string, Training>>;
  /** Absent before the first judgement. */
  readonly holdout?: FixedHoldout | undefined;
  readonly answers?: FixedAnswers | undefined;
  /** How many judgements each holdout, by digest, has been spent on. */
  readonly gatesPerHoldout: Readonly<Record<string, number>>;
  /** By `lockKey`; expired ones stay until they are taken or released. */
  readonly locks: Readonly<Record<string, Lock>>;
  /** Oldest first. */
  readonly retrains: readonly Retrain[];
  /** How many events there are of each kind that only a newer version knows. */
  readonly unknown: Readonly<Record<string, number>>;
  /** Ids of all events: what has been done is not done again. */
  readonly ids: ReadonlySet<string>;
  /** Ids of dispatches that led to an event: what has been heard is a replay. */
  readonly dispatches: ReadonlySet<string>;
  /** Number of events, duplicates not counted. */
  readonly events: number;
  readonly lastEventAt?: string | undefined;
  /** Absent before there is a branch. */
  readonly origin?: LedgerOrigin | undefined;
  /** Absent where the ledger is believed as it stands. */
  readonly doubt?: Doubt | undefined;
};

const EMPTY_ENVIRONMENT: EnvironmentState = { history: [] };

/** The ledger of a model before any event. */
export function emptyLedger(model: string): LedgerState {
  return {
    model,
    environments: {},
    versions: {},
    gates: {},
    trainings: {},
    gatesPerHoldout: {},
    locks: {},
    retrains: [],
    unknown: {},
    ids: new Set(),
    dispatches: new Set(),
    events: 0,
  };
}

/** The state of one environment; an empty one when nothing ever happened there. */
export function environmentOf(state: LedgerState, environment: string): EnvironmentState {
  return lookUp(state.environments, environment) ?? EMPTY_ENVIRONMENT;
}

/** The freeze that stops rollouts in an environment: its own, or the model's. */
export function freezeOf(state: LedgerState, environment: string): Freeze | undefined {
  return environmentOf(state, environment).frozen ?? state.frozen;
}

/** Seconds up to `now` that people held a rollout for. Other holds wait for data, and the deadline is there to end them. */
export function secondsHeld({ held, heldSeconds }: Rollout, now: string): number {
  if (held?.code !== 'held') return heldSeconds;
  return heldSeconds + Math.max(0, secondsBetween(held.at, now));
}

/** The entry of that name; names come from people, and `constructor` is one. */
export function lookUp<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** Trainings that were asked for and have not ended, oldest first. */
export function openTrainings(state: LedgerState): readonly Training[] {
  return Object.values(state.trainings).filter(
    ({ status }) => status === 'requested' || status === 'started',
  );
}
