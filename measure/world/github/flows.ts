import { createAnnouncer } from '../../../actions/deploy/announcer.ts';
import { deploy } from '../../../actions/deploy/deploy.ts';
import { createFleet } from '../../../actions/deploy/hosts/fleet.ts';
import { createListener, DEAF } from '../../../actions/deploy/listener.ts';
import type { Author } from '../../../actions/job/author.ts';
import type { Plan } from '../../../actions/job/handoff.ts';
import { requireEnvironment } from '../../../actions/job/require-environment.ts';
import { monitorCheck } from '../../../actions/monitor-check/monitor-check.ts';
import { plan } from '../../../actions/plan/plan.ts';
import { askHeads } from '../../../actions/serving/ask-heads.ts';
import { linkLedger } from '../../../actions/serving/link-ledger.ts';
import { signDispatch, verifyDispatch } from '../../../adapters/dispatch-signature.ts';
import { ok } from '../../../core/result.ts';
import { DISPATCH_SECRET } from '../host/host.ts';
import { WORLD_PACKAGES } from '../packages.ts';
import type { SimulatedWorld } from '../world.ts';
import { ENVIRONMENT, MODEL, REPOSITORY, write } from '../world-config.ts';
import type { GitHubEvent } from './dispatches.ts';
import { type JobPorts, SHA } from './job-ports.ts';

/** One attempt of one job of a run. */
export type JobAttempt = { readonly run: number; readonly attempt: number; readonly signal: AbortSignal };

/** The plan action on an event. */
export function runPlan(
  { config, setup }: SimulatedWorld,
  ports: JobPorts,
  event: GitHubEvent,
  { run, attempt }: JobAttempt,
) {
  const { ledger, agents, github, clock, log } = ports;
  return plan(
    {
      ...{ eventName: event.name, actor: event.actor, repository: REPOSITORY, defaultBranch: 'main' },
      payload: { repository: { default_branch: 'main' }, ...event.payload },
      ...{
        sha: SHA,
        runId: String(run),
        attempt,
        config,
        models: { own: config.model, all: [config.model] },
        policy: { file: 'trainyard.yml', text: write(setup) },
        disk: { project: ok(undefined), hasHoldout: true },
      },
      workflow: workflowOf(run, attempt),
      runUrl: `https://github.test/runs/${run}`,
      verifySignature: (type, payload) => verifyDispatch(DISPATCH_SECRET, type, payload),
    },
    {
      ...{ ledger, github, clock, log, forecast: async () => undefined },
      createNonce: () => NONCE,
      afterwards: () => undefined,
      remembered: () => askHeads(agents, config.model),
    },
  );
}

/** No training is run in the world, so nothing is sealed with it. */
const NONCE = 'n'.repeat(64);

/** The deploy action on what plan has handed over; `version` where the chain has made one. */
export async function runDeploy(
  world: SimulatedWorld,
  ports: JobPorts,
  { plan, version }: { readonly plan: Plan; readonly version: string | undefined },
  { run, attempt, signal }: JobAttempt,
) {
  const { config, setup } = world;
  const { github, clock, log, tracking, records } = ports;
  const { ledger, agents } = linkLedger(ports.ledger, ports.agents);
  const chosen = requireEnvironment(config, plan.environment, 'trainyard.yml');
  const announcer = createAnnouncer({
    ...{ github, clock, log, model: plan.model, sha: plan.sha, environment: chosen.environmentName },
    comment: undefined,
  });
  const { model, actor, cause } = plan;
  const mayBeAway = chosen.environment.maxUnavailable;
  const startedAt = clock.now();
  const outcome = await deploy({
    request: {
      ...{ plan, config, ...chosen, version, package: undefined, detach: setup.detach, signal },
      author: { model, actor, cause, workflow: workflowOf(run, attempt) },
    },
    ports: {
      ...{ ledger, tracking, records, announcer, clock, log, packages: WORLD_PACKAGES },
      fleet: createFleet({ agents, mayBeAway, clock, log }),
      listener: setup.listens
        ? createListener({ github, clock, log }, { startedAt, config, askedBy: plan.commentId })
        : DEAF,
      attest: () => undefined,
    },
  });
  await announcer.finished();
  return outcome;
}

/** The monitor-check action by its schedule. */
export function runMonitor(world: SimulatedWorld, ports: JobPorts, { run, attempt }: JobAttempt) {
  const { github, clock, log } = ports;
  const { ledger, agents } = linkLedger(ports.ledger, ports.agents);
  const chosen = requireEnvironment(world.config, ENVIRONMENT, 'trainyard.yml');
  const author: Author = {
    ...{ model: MODEL, actor: 'github-actions', workflow: workflowOf(run, attempt) },
    cause: { kind: 'schedule', id: `schedule-${run}` },
  };
  return monitorCheck({
    request: { config: world.config, ...chosen, author, runUrl: `https://github.test/runs/${run}` },
    ports: {
      ...{ ledger, agents, github, clock, log, tracking: ports.tracking, packages: WORLD_PACKAGES },
      attest: () => undefined,
      sign: (type, payload) => signDispatch(DISPATCH_SECRET, type, payload),
      saveFile: async (name) => name,
      sendNotice: undefined,
    },
  });
}

/** The workflow that a run's events name. */
export function workflowOf(run: number, attempt: number) {
  return { repository: REPOSITORY, run: String(run), attempt, sha: SHA };
}
