import type { Environment } from '../../../core/config/config.ts';
import { type Problem, UserError } from '../../../core/errors.ts';
import type { Instant } from '../../../core/instant.ts';
import type { LedgerEvent } from '../../../core/ledger/event.ts';
import { findStartBar } from '../../../core/ledger/find-start-bar.ts';
import { type EnvironmentState, type Freeze, freezeOf, type Rollout } from '../../../core/ledger/state.ts';
import { err, ok, type Result } from '../../../core/result.ts';
import type { Attest } from '../../serving/attest.ts';
import { requireVersion } from '../../serving/require-version.ts';
import { type Candidate, findCandidate } from '../find-candidate.ts';
import { findStranger } from '../hosts/find-stranger.ts';
import { type Fleet, requireHosts } from '../hosts/fleet.ts';
import type { Starter } from '../hosts/starter.ts';
import type { Journal, Overtaken, Page, Reading } from '../journal.ts';

/** The lock outlives the longest rollout by this share of its deadline. */
const LOCK_SLACK = 1.5;

/** What a person or a chain wants rolled out, and which cause it has. */
type Wish = {
  readonly version: string | undefined;
  readonly package: string | undefined;
  /** When a person named the version; absent where the chain or a deploy without one meant it. */
  readonly namedAt: Instant | undefined;
  readonly cause: string;
  /** Whether a training led to it, and not a word about its rollout: nobody is refused anything where that has to wait. */
  readonly isFollowing: boolean;
};

/** What came of the wish to begin a rollout. Going on with it is another matter. */
export type Beginning =
  | { readonly kind: 'begun'; readonly rollout: string }
  /** One of the version is open already, whoever began it: that is how a killed job is taken up again. */
  | { readonly kind: 'under-way'; readonly rollout: Rollout }
  /** The one that this cause began has ended; asking again begins no other. */
  | { readonly kind: 'over'; readonly rollout: string }
  /** The version is the champion: there is nothing to compare it with. */
  | { readonly kind: 'serving' }
  /** A training led to a version while nothing may be rolled out. */
  | { readonly kind: 'frozen'; readonly version: string; readonly freeze: Freeze; readonly serving: string };

type StartPorts = {
  readonly journal: Journal;
  readonly fleet: Fleet;
  readonly starter: Pick<Starter, 'describe'>;
  readonly attest: Attest;
};

/**
 * Begins a rollout, at no traffic, unless there is one. Rejects with a UserError when another version is being rolled out, or it may
 * not be begun.
 */
export async function beginRollout(
  { journal, fleet, starter, attest }: StartPorts,
  settings: Environment,
  wish: Wish,
): Promise<Beginning> {
  const reading = await journal.read();
  const { rollout: open } = reading.here;
  if (open !== undefined && (wish.version ?? open.version) === open.version) {
    return { kind: 'under-way', rollout: open };
  }
  if (wish.version === undefined) throw nothingToDeploy(journal.model);
  const { version } = wish;
  const candidate = await findCandidate(starter, reading.state, { version, package: wish.package });
  const id = `${journal.model}/${journal.environment}/v${version}/${wish.cause}`;
  if (hasEnded(reading.here, id)) return { kind: 'over', rollout: id };
  if (open === undefined && reading.here.champion?.version === version) return { kind: 'serving' };
  const freeze = freezeOf(reading.state, journal.environment);
  if (freeze !== undefined && open === undefined && wish.isFollowing) {
    return { kind: 'frozen', version, freeze, serving: reading.here.champion?.version ?? '' };
  }
  // Too many hosts away is told before anything is on record: nobody has to end a rollout that could not begin.
  await requireHosts(fleet);
  await requireNoStranger({ journal, fleet }, reading, version);
  const { environment } = journal;
  const entered = await journal.append((page) =>
    proposeStart(page, { id, environment, candidate, namedAt: wish.namedAt, settings, attest }),
  );
  if (entered.kind === 'written') return { kind: 'begun', rollout: id };
  const { now } = entered;
  const found = hasEnded(now.here, id) ? undefined : now.here.rollout;
  return found === undefined ? { kind: 'over', rollout: id } : { kind: 'under-way', rollout: found };
}

/** What hosts serve is asked before anything is on record, and again where the first version of an environment gets all traffic. */
async function requireNoStranger(
  { journal, fleet }: Pick<StartPorts, 'journal' | 'fleet'>,
  { here }: Reading,
  version: string,
): Promise<void> {
  const { model, environment } = journal;
  const stranger = await findStranger(fleet, { model, environment, here, version });
  if (stranger !== undefined) throw new UserError([stranger]);
}

type Start = {
  readonly id: string;
  readonly environment: string;
  readonly candidate: Candidate;
  readonly namedAt: Instant | undefined;
  readonly settings: Environment;
  readonly attest: Attest;
};

function proposeStart(page: Page, start: Start): Result<readonly LedgerEvent[], Problem> | Overtaken {
  const { id, environment, candidate, namedAt, settings, attest } = start;
  const { version } = candidate.version;
  const { state, here } = page.now;
  if (hasEnded(here, id) || here.rollout?.version === version) return 'overtaken';
  const refusal =
    findRefusal(page.now, environment) ?? findStartBar(state, { environment, version, namedAt });
  if (refusal !== undefined) return err(refusal);
  const { hosts, rollout: plan } = settings;
  const lock = page.takeLock(id, plan.deadlineSeconds * LOCK_SLACK);
  if (!lock.ok) return lock;
  const { place, built } = candidate;
  const stable = here.champion?.version;
  const envelope = attest(state, requireVersion(state, version), place.package);
  const started = {
    ...{ rollout: id, environment, version, package: place.package },
    ...{ hosts: [...hosts], stages: [...plan.stages], alpha: plan.alpha },
    ...(stable !== undefined && { stable }),
    ...(namedAt !== undefined && { namedAt }),
    ...(envelope && { envelope }),
  };
  return ok([
    ...(built === undefined ? [] : [page.entry('package.built', built, version, place.package)]),
    ...lock.value,
    page.entry('rollout.started', started, id),
  ]);
}

function hasEnded({ history }: EnvironmentState, id: string): boolean {
  return history.some(({ rollout }) => rollout === id);
}

function findRefusal({ state, here: { rollout } }: Reading, environment: string): Problem | undefined {
  const frozen = freezeOf(state, environment);
  if (frozen !== undefined) {
    return {
      code: 'frozen',
      message: `Rollouts to ${environment} are frozen by ${frozen.actor} since ${frozen.at}: ${frozen.reason}.`,
      remedy: 'Wait, or lift it with /unfreeze.',
    };
  }
  if (rollout === undefined) return undefined;
  return {
    code: 'rollout-open',
    message: `Version ${rollout.version} is being rolled out to ${environment} since ${rollout.startedAt}.`,
    remedy: 'Wait until it has ended, or end it with /promote or /rollback.',
  };
}

function nothingToDeploy(model: string): UserError {
  return new UserError([
    {
      code: 'nothing-to-deploy',
      message: `Nobody said which version of ${model} to deploy.`,
      remedy: 'Pass the inputs version and plan from the earlier jobs, or name one: /deploy v8.',
    },
  ]);
}
