import { systemClock } from '../../adapters/clock.ts';
import { createRolloutRecords, RECORD_TYPE } from '../../adapters/rollout-records.ts';
import { createLineKeys, type LineKeys } from '../../adapters/signing/line-keys.ts';
import { readPublicKeys } from '../../adapters/signing/read-public-keys.ts';
import type { Config, Environment } from '../../core/config/config.ts';
import { planStay } from '../../core/deploy/attendance.ts';
import type { Instant } from '../../core/instant.ts';
import { SECRETS, TRUSTED_KEYS_VARIABLE } from '../../core/names.ts';
import { type Operation, TAKE_BACK } from '../../core/plan/hand-over.ts';
import { authorOf } from '../job/author.ts';
import { CONTRACTS } from '../job/contract.ts';
import { type Plan, readPlan } from '../job/handoff.ts';
import { type Job, runAction } from '../job/harness.ts';
import { readInAnyCase } from '../job/read-in-any-case.ts';
import { requireEnvironment } from '../job/require-environment.ts';
import { commentOnPlan } from '../job/thread-comment.ts';
import { connectGitHub, connectLedger, connectTracking, readConfig } from '../job/wiring.ts';
import { attestWith } from '../serving/attest.ts';
import { linkLedger } from '../serving/link-ledger.ts';
import { connectAgents, connectPackages } from '../serving/wiring.ts';
import { type Announcer, createAnnouncer } from './announcer.ts';
import { deploy } from './deploy.ts';
import { createFleet } from './hosts/fleet.ts';
import { createListener, DEAF } from './listener.ts';
import type { DeployOutcome } from './outcomes.ts';
import { tellAddress } from './tell-address.ts';

/** To take back needs to know the hosts, and nothing that may be wrong elsewhere in the file. */
const ENVIRONMENTS_ONLY = { needs: ['environments'], only: ['environments'] } as const;

type DeployJob = Job<(typeof CONTRACTS)['deploy']>;

/** The deploy action: one operation on one environment. */
export function main(): Promise<void> {
  return runAction(CONTRACTS.deploy, async (job) => {
    const { inputs, host, log, signal } = job;
    const plan = readPlan(inputs.plan);
    const token = inputs['github-token'];
    const comment = commentOnPlan(job, plan, { token });
    const config = await readSettings(job, plan.operation);
    const chosen = requireEnvironment(config, plan.environment, inputs.config);
    const tracking = await connectTracking(host, config);
    const startedAt = systemClock.now();
    const { listens, ...stay } = chooseStay(job, plan.operation, { startedAt, settings: chosen.environment });
    const [version, packageName] = [inputs.version || undefined, inputs.package || undefined];
    const author = authorOf(plan, host);
    const github = await connectGitHub(host, token, log);
    const announcer = createAnnouncer({
      ...{ github, log, comment, model: plan.model, sha: plan.sha },
      environment: chosen.environmentName,
      clock: systemClock,
    });
    const listening = { startedAt, config, askedBy: plan.commentId };
    const listener = listens ? createListener({ github, clock: systemClock, log }, listening) : DEAF;
    const { maxUnavailable } = chosen.environment;
    const { branch, doubts } = await openBranch(job, plan);
    const { ledger, agents } = linkLedger(branch, connectAgents(host, chosen));
    const deployed = deploy({
      request: { plan, config, ...chosen, version, package: packageName, ...stay, author, signal },
      ports: {
        ...{ ledger, tracking, announcer, listener, log, clock: systemClock },
        records: createRolloutRecords(tracking, recordKeysOf(host)),
        fleet: createFleet({ agents, mayBeAway: maxUnavailable, clock: systemClock, log }),
        packages: connectPackages(host, tracking),
        attest: attestWith(host, chosen.environmentName),
      },
    });
    const outcome = withDoubts(await withUntold(deployed.finally(listener.stop), announcer), doubts);
    return tellAddress(outcome, agents, plan.model);
  });
}

/** Keys for the records of rollouts: those of the ledger. A damaged one has been told of with it. */
function recordKeysOf({ env }: DeployJob['host']): LineKeys {
  return createLineKeys({
    privateKey: env[SECRETS.signingKey],
    trusted: readPublicKeys(env[TRUSTED_KEYS_VARIABLE] ?? ''),
    type: RECORD_TYPE,
  });
}

/** What takes back goes by the last file that can be used; what goes on, by a faultless one. */
async function readSettings({ inputs, host, log }: DeployJob, operation: Operation): Promise<Config> {
  const { config: file, 'github-token': token } = inputs;
  if (!TAKE_BACK.has(operation)) return readConfig(host, file);
  const { config } = await readInAnyCase(host, { file, token, log, options: ENVIRONMENTS_ONLY });
  return config;
}

/** The ledger. What takes back acts also on one that can't be read whole or believed: its doubts are for the report, too. */
async function openBranch({ inputs, host, log }: DeployJob, { operation, ledger: seen }: Plan) {
  const doubts: string[] = [];
  const takesBack = TAKE_BACK.has(operation);
  const warn = (text: string): void => {
    if (takesBack) doubts.push(text);
    log.warn(text);
  };
  const purpose = takesBack ? 'take-back' : 'all';
  const branch = await connectLedger(host, inputs['github-token'], { log: { warn }, seen, purpose });
  return { branch, doubts };
}

/** Whether this job waits through the stages, and how long; it warns where that keeps a runner that a rollback may need. */
function chooseStay(
  { inputs, host, log }: DeployJob,
  operation: Operation,
  { startedAt, settings }: { readonly startedAt: Instant; readonly settings: Environment },
): Omit<ReturnType<typeof planStay>, 'warning'> {
  const runner = host.env['RUNNER_ENVIRONMENT'] === 'github-hosted' ? 'hosted' : 'own';
  const { warning, ...stay } = planStay({
    ...{ detach: inputs.detach, runner, startedAt, settings },
  });
  if (warning !== undefined && !TAKE_BACK.has(operation)) log.warn(warning);
  return stay;
}

/** The outcome, and what people could not be told of it. Also a job that fails tells what it can first. */
async function withUntold(
  deployed: Promise<DeployOutcome>,
  { finished }: Pick<Announcer, 'finished'>,
): Promise<DeployOutcome> {
  let untold: readonly string[] = [];
  const outcome = await deployed.finally(async () => {
    untold = await finished();
  });
  return untold.length === 0 ? outcome : { ...outcome, result: { ...outcome.result, untold } };
}

/** The outcome, and what the ledger said against itself while something was taken back by it. */
function withDoubts(outcome: DeployOutcome, doubts: readonly string[]): DeployOutcome {
  const { report } = outcome;
  const said = doubts.map((text) => ({ kind: 'warning', text }) as const);
  return { ...outcome, report: { ...report, blocks: [...report.blocks, ...said] } };
}
