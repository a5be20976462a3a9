import { isSaid } from '../cause.ts';
import type { LedgerEvent } from '../event.ts';
import {
  type Deployed,
  type EnvironmentState,
  lookUp,
  type Rollout,
  type RolloutOutcome,
  secondsHeld,
  type VersionState,
} from '../state.ts';
import { type OpenEnvironment, withWord } from './draft.ts';
import type { Returns } from './returns.ts';

type RolloutEvent = Extract<LedgerEvent, { kind: `rollout.${string}` }>;
type Ending<K extends RolloutEvent['kind']> = Extract<RolloutEvent, { kind: K }>;
/** What was accepted of one version was not of another: that has a profile of its own. */
const NOTHING_MUTED: Pick<EnvironmentState, 'mutes'> = { mutes: undefined };
type Versions = Readonly<Record<string, VersionState>>;
/** The environment as it is, and what it could return to. */
type Found = { readonly environment: OpenEnvironment; readonly returns: Returns };

/** A rollout's steps in one environment. A step of a rollout that is not the open one is late and moves nothing. */
export function applyRolloutEvent(
  { environment, returns }: Found,
  event: RolloutEvent,
  versions: Versions,
): OpenEnvironment {
  switch (event.kind) {
    case 'rollout.started':
      return { ...namedBy(environment, event), rollout: openRollout(event) };
    case 'rollout.advanced': {
      const { stage, percent } = event.data;
      return withOpen(environment, event.data.rollout, (open) => ({
        ...open,
        stage,
        percent,
        stageStartedAt: stage === open.stage && open.percent > 0 ? open.stageStartedAt : event.at,
      }));
    }
    case 'rollout.held': {
      const { code, explanation } = event.data;
      const held = { at: event.at, actor: event.actor, code, explanation };
      return withOpen(environment, event.data.rollout, (open) => ({ ...endHold(open, event.at), held }));
    }
    case 'rollout.resumed':
      return withOpen(environment, event.data.rollout, (open) => endHold(open, event.at));
    case 'rollout.promoted':
      return promote({ environment, returns }, event);
    case 'rollout.rolled-back':
      return rollBack({ environment, returns }, event, versions);
  }
}

function openRollout({ at, actor, cause, data }: Ending<'rollout.started'>): Rollout {
  const { rollout: id, environment: _environment, envelope: _envelope, namedAt: _namedAt, ...rest } = data;
  return {
    ...{ id, ...rest, stage: 0, percent: 0, startedAt: at, stageStartedAt: at },
    ...{ heldSeconds: 0, actor, cause },
  };
}

function namedBy(
  environment: OpenEnvironment,
  { actor, data: { rollout, version, namedAt } }: Ending<'rollout.started'>,
): OpenEnvironment {
  return namedAt === undefined
    ? environment
    : withWord(environment, version, { rollout, actor, at: namedAt });
}

function endHold(open: Rollout, at: string): Rollout {
  return { ...open, heldSeconds: secondsHeld(open, at), held: undefined };
}

function withOpen(
  environment: OpenEnvironment,
  id: string,
  change: (open: Rollout) => Rollout,
): OpenEnvironment {
  const open = environment.rollout;
  return open?.id === id ? { ...environment, rollout: change(open) } : environment;
}

function promote({ environment, returns }: Found, { at, data }: Ending<'rollout.promoted'>): OpenEnvironment {
  const { rollout, version, explanation } = data;
  const replaced = environment.champion;
  const open = environment.rollout;
  const startedAt = open?.id === rollout ? open.startedAt : undefined;
  record({ environment, returns }, { rollout, version, outcome: 'promoted', at, startedAt, explanation });
  return {
    ...environment,
    champion: { version, package: data.package, at },
    previous: replaced === undefined || replaced.version === version ? environment.previous : replaced,
    rollout: stillOpen(environment, rollout),
    ...(replaced?.version !== version && NOTHING_MUTED),
  };
}

function rollBack(
  { environment, returns }: Found,
  { at, actor, cause, data }: Ending<'rollout.rolled-back'>,
  versions: Versions,
): OpenEnvironment {
  const { rollout, version, stable, code, explanation } = data;
  record({ environment, returns }, { rollout, version, outcome: 'rolled-back', at, code, explanation });
  const ended = { ...environment, rollout: stillOpen(environment, rollout) };
  // What never served here can't be returned to, whoever says so.
  const leavesChampion =
    environment.champion?.version === version &&
    stable !== undefined &&
    stable !== version &&
    returns.hasServed(stable);
  if (!leavesChampion) return ended;
  const champion = { version: stable, package: packageOf(environment, stable, versions), at };
  const isPersons = code === 'requested' && isSaid(cause);
  const spoken = isPersons ? withWord(ended, stable, { rollout, actor, at }) : ended;
  return { ...spoken, champion, previous: findPrevious(returns, stable, versions), ...NOTHING_MUTED };
}

function record({ environment, returns }: Found, outcome: RolloutOutcome): void {
  environment.history.push(outcome);
  returns.add(outcome);
}

function stillOpen(environment: EnvironmentState, ended: string): Rollout | undefined {
  return environment.rollout?.id === ended ? undefined : environment.rollout;
}

function packageOf({ previous }: EnvironmentState, version: string, versions: Versions): string {
  const known = previous?.version === version ? previous : lookUp(versions, version)?.package;
  return known?.package ?? '';
}

function findPrevious(returns: Returns, champion: string, versions: Versions): Deployed | undefined {
  const found = returns.find(champion);
  const known = found && lookUp(versions, found.version)?.package;
  return found && known && { version: found.version, package: known.package, at: found.at };
}
