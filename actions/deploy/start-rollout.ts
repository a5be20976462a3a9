import type { Problem } from '../../core/errors.ts';
import type { LedgerEvent } from '../../core/ledger/event.ts';
import { acquireLock } from '../../core/ledger/locks.ts';
import { freezeOf, type LedgerState, type Rollout } from '../../core/ledger/state.ts';
import { escapeMarkdown } from '../../core/report/escape-markdown.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { appendOrThrow } from '../append-or-throw.ts';
import { type Deployed, type Deployment, entry, hereIn, readState } from './deploy-context.ts';
import { advance, driveRollout } from './drive-rollout.ts';
import { promote, rollBack } from './end-rollout.ts';
import type { Candidate } from './find-candidate.ts';
import { setTrafficEverywhere, startEverywhere } from './fleet.ts';
import { serveOnly } from './rollout-traffic.ts';
import { shadowCandidate } from './shadow-candidate.ts';
import { untilEnded } from './until-ended.ts';

/** The lock outlives the longest rollout by this share of its deadline. */
const LOCK_SLACK = 1.5;

/** Starts a rollout (or finds the one this cause started), and takes it as far as it goes. */
export async function startRollout(deployment: Deployment, candidate: Candidate): Promise<Deployed> {
  const { request, ports } = deployment;
  const id = rolloutId(deployment, candidate.version.version);
  const { state } = await appendOrThrow(ports.ledger, request.config.model, (now) =>
    proposeStart(deployment, candidate, id, now),
  );
  const open = hereIn(deployment, state).rollout;
  if (open?.id !== id) return driveRollout(deployment, id);
  return continueRollout(deployment, open, candidate);
}

/** Takes an open rollout on from wherever it stands: dark, or in one of its stages. */
export async function continueRollout(
  deployment: Deployment,
  rollout: Rollout,
  candidate: Candidate,
): Promise<Deployed> {
  return untilEnded(deployment, rollout.id, () => carryOn(deployment, rollout, candidate));
}

async function carryOn(deployment: Deployment, rollout: Rollout, candidate: Candidate): Promise<Deployed> {
  const { ports } = deployment;
  const { id, version } = rollout;
  ports.announcer.status(id, 'in_progress', `Starting version ${version}`);
  const local = await ports.packages.fetch(candidate.package);
  const envelope = ports.attest(await readState(deployment), candidate.version, candidate.package.package);
  const started = await ports.log.group(`Starting version ${version} on ${ports.agents.length} hosts`, () =>
    startEverywhere(deployment, version, local, envelope),
  );
  if (!started.ok) {
    const explanation = `It did not become ready on every host: ${started.message}.`;
    return rollBack(deployment, rollout, {
      code: started.code,
      explanation,
      report: escapeMarkdown(explanation),
    });
  }
  if (rollout.stable === undefined) return serveFirst(deployment, rollout);
  if (rollout.percent === 0) {
    const ended =
      (await shadowCandidate(deployment, rollout)) ?? (await enterFirstStage(deployment, rollout));
    if (ended !== undefined) return ended;
  }
  return driveRollout(deployment, id);
}

function enterFirstStage(deployment: Deployment, rollout: Rollout): Promise<Deployed | undefined> {
  const explanation = 'Ready on every host without traffic.';
  return advance(deployment, rollout, 0, { explanation, report: escapeMarkdown(explanation) });
}

/** The first version of an environment has nothing to be compared with: it gets all traffic once it is ready. */
async function serveFirst(deployment: Deployment, rollout: Rollout): Promise<Deployed> {
  const explanation = 'It is the first version here, so there was nothing to compare it with.';
  await setTrafficEverywhere(deployment, serveOnly(rollout.version));
  return promote(deployment, rollout, { code: 'first', explanation, report: escapeMarkdown(explanation) });
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
  if (here.rollout?.id === id || here.history.some(({ rollout }) => rollout === id)) return ok([]);
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
