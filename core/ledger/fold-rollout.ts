import type { LedgerEvent } from './event.ts';
import {
  type Deployed,
  type EnvironmentState,
  lookUp,
  type Rollout,
  type RolloutOutcome,
  secondsHeld,
  type VersionState,
} from './state.ts';

type RolloutEvent = Extract<LedgerEvent, { kind: `rollout.${string}` }>;
type Ending<K extends RolloutEvent['kind']> = Extract<RolloutEvent, { kind: K }>;
type Versions = Readonly<Record<string, VersionState>>;

/** A rollout's steps in one environment. A step of a rollout that is not the open one is late and moves nothing. */
export function applyRolloutEvent(
  environment: EnvironmentState,
  event: RolloutEvent,
  versions: Versions,
): EnvironmentState {
  switch (event.kind) {
    case 'rollout.started':
      return { ...environment, rollout: openRollout(event) };
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
      return promote(environment, event);
    case 'rollout.rolled-back':
      return rollBack(environment, event, versions);
  }
}

function openRollout({ at, actor, cause, data }: Ending<'rollout.started'>): Rollout {
  const { rollout: id, environment: _environment, envelope: _envelope, ...rest } = data;
  return {
    ...{ id, ...rest, stage: 0, percent: 0, startedAt: at, stageStartedAt: at },
    ...{ heldSeconds: 0, actor, cause },
  };
}

function endHold(open: Rollout, at: string): Rollout {
  return { ...open, heldSeconds: secondsHeld(open, at), held: undefined };
}

function withOpen(
  environment: EnvironmentState,
  id: string,
  change: (open: Rollout) => Rollout,
): EnvironmentState {
  const open = environment.rollout;
  return open?.id === id ? { ...environment, rollout: change(open) } : environment;
}

function promote(environment: EnvironmentState, { at, data }: Ending<'rollout.promoted'>): EnvironmentState {
  const { rollout, version, explanation } = data;
  const replaced = environment.champion;
  return {
    ...environment,
    champion: { version, package: data.package, at },
    previous: replaced === undefined || replaced.version === version ? environment.previous : replaced,
    rollout: stillOpen(environment, rollout),
    history: [...environment.history, { rollout, version, outcome: 'promoted', at, explanation }],
  };
}

function rollBack(
  environment: EnvironmentState,
  { at, data }: Ending<'rollout.rolled-back'>,
  versions: Versions,
): EnvironmentState {
  const { rollout, version, stable, code, explanation } = data;
  const history = [
    ...environment.history,
    { rollout, version, outcome: 'rolled-back', at, code, explanation } as const,
  ];
  const ended = { ...environment, rollout: stillOpen(environment, rollout), history };
  const leavesChampion =
    environment.champion?.version === version && stable !== undefined && stable !== version;
  if (!leavesChampion) return ended;
  const champion = { version: stable, package: packageOf(environment, stable, versions), at };
  return { ...ended, champion, previous: findPrevious(ended, stable, versions) };
}

function stillOpen(environment: EnvironmentState, ended: string): Rollout | undefined {
  return environment.rollout?.id === ended ? undefined : environment.rollout;
}

function packageOf({ previous }: EnvironmentState, version: string, versions: Versions): string {
  const known = previous?.version === version ? previous : lookUp(versions, version)?.package;
  return known?.package ?? '';
}

/** The last version promoted here that is neither the champion now nor was ever taken back. */
function findPrevious(
  { history }: EnvironmentState,
  champion: string,
  versions: Versions,
): Deployed | undefined {
  const takenBack = new Set(
    history.filter(({ outcome }) => outcome === 'rolled-back').map(({ version }) => version),
  );
  const found = history.findLast(
    ({ outcome, version }: RolloutOutcome) =>
      outcome === 'promoted' && version !== champion && !takenBack.has(version),
  );
  const known = found === undefined ? undefined : lookUp(versions, found.version)?.package;
  return found === undefined || known === undefined
    ? undefined
    : { version: found.version, package: known.package, at: found.at };
}
