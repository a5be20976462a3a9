import type { Problem } from '../../../core/errors.ts';
import type { LedgerEvent } from '../../../core/ledger/event.ts';
import { acquireLock } from '../../../core/ledger/locks.ts';
import { freezeOf, type LedgerState } from '../../../core/ledger/state.ts';
import { err, ok, type Result } from '../../../core/result.ts';
import { appendOrThrow } from '../../job/append-or-throw.ts';
import { type Deployed, type Deployment, entry, hereIn, readState } from '../deploy-context.ts';
import type { Candidate } from '../find-candidate.ts';
import { requireHosts } from '../hosts/fleet.ts';
import { driveRollout } from './drive.ts';
import { untilEnded } from './until-ended.ts';

/** The lock outlives the longest rollout by this share of its deadline. */
const LOCK_SLACK = 1.5;

/** Starts a rollout (or finds the one this cause started), and takes it as far as it goes. */
export async function startRollout(deployment: Deployment, candidate: Candidate): Promise<Deployed> {
  const { request, ports } = deployment;
  const id = rolloutId(deployment, candidate.version.version);
  // Too many hosts away is told before anything is on record: nobody has to end a rollout that could not begin.
  if (!isKnown(deployment, await readState(deployment), id)) await requireHosts(ports.fleet);
  await appendOrThrow(ports.ledger, request.config.model, (now) =>
    proposeStart(deployment, candidate, id, now),
  );
  return continueRollout(deployment, id);
}

/** Takes an open rollout on from wherever it stands: dark, or in one of its stages. */
export async function continueRollout(deployment: Deployment, rolloutId: string): Promise<Deployed> {
  return untilEnded(deployment, rolloutId, () => driveRollout(deployment, rolloutId));
}

function isKnown(deployment: Deployment, state: LedgerState, id: string): boolean {
  const { rollout, history } = hereIn(deployment, state);
  return rollout?.id === id || history.some((ended) => ended.rollout === id);
}

/** One rollout per cause and version: a job that runs again finds its own. */
function rolloutId({ request }: Deployment, version: string): string {
  return `${request.config.model}/${request.environmentName}/v${version}/${request.author.cause.id}`;
}

function proposeStart(
  deployment: Deployment,
  candidate: Candidate,
  id: string,
  state: LedgerState,
): Result<readonly LedgerEvent[], Problem> {
  const { request, ports } = deployment;
  const here = hereIn(deployment, state);
  if (isKnown(deployment, state, id)) return ok([]);
  const refusal = findRefusal(deployment, state);
  if (refusal !== undefined) return err(refusal);
  const { version } = candidate.version;
  const { hosts, rollout: plan } = request.environment;
  const environment = request.environmentName;
  const stable = here.champion?.version;
  const envelope = ports.attest(state, candidate.version, candidate.package.package);
  const lifetime = plan.deadlineSeconds * LOCK_SLACK * 1_000;
  const expiresAt = new Date(Date.parse(ports.clock.now()) + lifetime).toISOString();
  const started = {
    rollout: id,
    environment,
    version,
    package: candidate.package.package,
    hosts: [...hosts],
    stages: [...plan.stages],
    alpha: plan.alpha,
    ...(stable !== undefined && { stable }),
    ...(envelope && { envelope }),
  };
  const context = { ...request.author, at: ports.clock.now() };
  const lock = acquireLock(state, context, { lock: 'deploy', environment, holder: id, expiresAt });
  if (!lock.ok) return lock;
  const built = candidate.built === undefined ? [] : [candidate.built];
  return ok([...built, ...lock.value, entry(deployment, 'rollout.started', started, id)]);
}

function findRefusal(deployment: Deployment, state: LedgerState): Problem | undefined {
  const environment = deployment.request.environmentName;
  const { rollout } = hereIn(deployment, state);
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
