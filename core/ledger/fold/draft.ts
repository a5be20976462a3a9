import {
  type EnvironmentState,
  type FixedAnswers,
  type FixedHoldout,
  type Freeze,
  type GateJudgement,
  type LedgerState,
  type Lock,
  lookUp,
  type PersonsWord,
  type Retrain,
  type RolloutOutcome,
  type Training,
  type VersionState,
} from '../state.ts';
import { type Returns, startReturns } from './returns.ts';

/** An environment of a draft: all but its history and words is replaced, and those are added to. */
export type OpenEnvironment = Omit<EnvironmentState, 'history' | 'words'> & {
  readonly history: RolloutOutcome[];
  readonly words?: Record<string, PersonsWord> | undefined;
};

/**
 * A state that one fold changes in place, so that an event costs the same however long the ledger is. Nobody else holds its parts:
 * they are copies of what it began with.
 */
export type Draft = {
  readonly model: string;
  readonly environments: Record<string, OpenEnvironment>;
  frozen?: Freeze | undefined;
  readonly versions: Record<string, VersionState>;
  readonly gates: Record<string, GateJudgement>;
  readonly trainings: Record<string, Training>;
  holdout?: FixedHoldout | undefined;
  answers?: FixedAnswers | undefined;
  readonly gatesPerHoldout: Record<string, number>;
  readonly locks: Record<string, Lock>;
  readonly retrains: Retrain[];
  readonly unknown: Record<string, number>;
  readonly ids: Set<string>;
  readonly dispatches: Set<string>;
  events: number;
  lastEventAt?: string | undefined;
};

/** What a fold would else have to search the whole state for; no part of the state. */
export type Index = {
  /** The versions that a run has made, ones that another run has made since included. */
  readonly versionsOf: (runId: string) => Set<string>;
  readonly returnsOf: (environment: string) => Returns;
};

/** The index of a draft as it is now. Whoever changes the draft keeps it. */
export function startIndex({ versions, environments }: Draft): Index {
  const made = new Map<string, Set<string>>();
  const returns = new Map<string, Returns>();
  const versionsOf: Index['versionsOf'] = (runId) => entryOf(made, runId, () => new Set());
  for (const { version, runId } of Object.values(versions)) versionsOf(runId).add(version);
  return {
    versionsOf,
    returnsOf: (name) =>
      entryOf(returns, name, () => startReturns(lookUp(environments, name)?.history ?? [])),
  };
}

/** A copy of a state to be changed. */
export function toDraft(state: LedgerState): Draft {
  const { model, frozen, holdout, answers, events, lastEventAt } = state;
  const environments = Object.entries(state.environments).map(([name, one]): [string, OpenEnvironment] => [
    name,
    {
      ...one,
      history: [...one.history],
      ...(one.words !== undefined && { words: toRecord(Object.entries(one.words)) }),
    },
  ]);
  return {
    model,
    environments: toRecord(environments),
    ...(frozen !== undefined && { frozen }),
    versions: toRecord(Object.entries(state.versions)),
    gates: toRecord(Object.entries(state.gates)),
    trainings: toRecord(Object.entries(state.trainings)),
    ...(holdout !== undefined && { holdout }),
    ...(answers !== undefined && { answers }),
    gatesPerHoldout: toRecord(Object.entries(state.gatesPerHoldout)),
    locks: toRecord(Object.entries(state.locks)),
    retrains: [...state.retrains],
    unknown: toRecord(Object.entries(state.unknown)),
    ids: new Set(state.ids),
    dispatches: new Set(state.dispatches),
    events,
    ...(lastEventAt !== undefined && { lastEventAt }),
  };
}

/** The environment with what a person has said for a version. */
export function withWord(environment: OpenEnvironment, version: string, word: PersonsWord): OpenEnvironment {
  const words = environment.words ?? toRecord<PersonsWord>([]);
  words[version] = word;
  return environment.words === undefined ? { ...environment, words } : environment;
}

/** A record without a prototype: names come from people, and setting `__proto__` of any other would change what it is. */
function toRecord<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  const record: Record<string, T> = Object.create(null);
  for (const [name, value] of entries) record[name] = value;
  return record;
}

function entryOf<T>(map: Map<string, T>, key: string, make: () => T): T {
  const found = map.get(key) ?? make();
  map.set(key, found);
  return found;
}
