import { comparePolicy, describePolicy } from '../../core/config/compare-policy.ts';
import type { Config } from '../../core/config/config.ts';
import { describeTouchedFiles } from '../../core/config/describe-touched-files.ts';
import { listVariables } from '../../core/config/expand-variables.ts';
import { writeProposedGate } from '../../core/config/gate/proposed-gate.ts';
import { optional } from '../../core/config/optional.ts';
import { messageOf, type Problem, UserError } from '../../core/errors.ts';
import { championOf } from '../../core/ledger/champion-of.ts';
import type { Workflow } from '../../core/ledger/event.ts';
import { findAbsence } from '../../core/ledger/head/find-absence.ts';
import { findLoss, headOf, type Remembered } from '../../core/ledger/head/ledger-head.ts';
import { findKeptPredictions } from '../../core/ledger/holdout/find-kept-predictions.ts';
import type { LedgerState } from '../../core/ledger/state.ts';
import { answerHelp } from '../../core/plan/answers/answer-help.ts';
import { answerStatus } from '../../core/plan/answers/answer-status.ts';
import { findCommitAbout } from '../../core/plan/chain/find-commit-about.ts';
import { findTraining } from '../../core/plan/chain/find-training.ts';
import { type Ignored, ignore, type PlanDecision, type Refused } from '../../core/plan/decision.ts';
import { describeEvent } from '../../core/plan/describe-event.ts';
import type { PlannedOperation } from '../../core/plan/hand-over.ts';
import { planEvent } from '../../core/plan/plan-event.ts';
import type { PlanInput } from '../../core/plan/plan-input.ts';
import {
  findHoldoutProblems,
  findProjectProblems,
  type ProjectOnDisk,
  refuseParameters,
} from '../../core/plan/training/check-training.ts';
import type { Clock, GitHub, Ledger, Log } from '../../core/ports.ts';
import type { Block, Report } from '../../core/report/report.ts';
import { ok } from '../../core/result.ts';
import { appendOrThrow } from '../job/append-or-throw.ts';
import { type Answering, createAnswering } from './answering.ts';
import { answerBegun, answerPlan, answerRefusal, describeUnrecorded } from './answers.ts';
import {
  type Conclusion,
  concludeIgnored,
  concludeOperation,
  concludeRefused,
  type Planned,
  type ProposedPolicy,
} from './conclude.ts';
import { lookUp } from './look-up.ts';
import { type ProjectReading, readTrained } from './read-trained.ts';
import { isRecorded, recordOf } from './record-of.ts';

export type PlanRequest = Pick<
  PlanInput,
  | 'eventName'
  | 'payload'
  | 'repository'
  | 'defaultBranch'
  | 'sha'
  | 'runId'
  | 'attempt'
  | 'actor'
  | 'models'
  | 'verifySignature'
> & {
  readonly config: Config;
  /** The configuration of the default branch as it is written there; `sha` is the commit it was read at, where there is git. */
  readonly policy: { readonly file: string; readonly text: string; readonly sha?: string };
  /** What the workspace holds of the project that would be trained. */
  readonly disk: ProjectOnDisk;
  readonly workflow: Workflow;
  readonly runUrl: string;
};

export type PlanPorts = {
  readonly ledger: Ledger;
  /** `undefined` without a token: then nobody's permission can be looked up, and nobody commands. */
  readonly github: GitHub | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** A text that nobody can guess. */
  readonly createNonce: () => string;
  /** What a rollout to an environment would detect at the present traffic; `undefined` when that can't be told. */
  readonly forecast: (environment: string) => Promise<readonly Block[] | undefined>;
  /**
   * Does this once the plan is handed to the jobs after it. Where a chain is said to have begun, they exist to say how it ended, also
   * when this job is lost in the middle.
   */
  readonly afterwards: (work: () => Promise<void>) => void;
  /** What the hosts of all environments remember of the ledger. */
  readonly remembered: () => Promise<Remembered>;
};

/** One event on its way to an answer: what is asked, of whom, and how to answer whoever asks. */
type Planning = {
  readonly request: PlanRequest;
  readonly ports: PlanPorts;
  readonly answering: Answering;
  /** What the commit that would be trained says of its project. */
  readonly trained: ProjectReading;
  /** What the event asks for on that state of the ledger. */
  readonly decide: (state: LedgerState) => PlanDecision;
};

/**
 * Turns the event into an operation, or says why it is none. What is done with the ledger alone (a request, a freeze, a mute) is done
 * here; so are the answers to questions. Only this action reads the event.
 */
export async function plan(request: PlanRequest, ports: PlanPorts): Promise<Planned> {
  const { config, policy, runUrl } = request;
  const facts = describeEvent(request);
  const answering = createAnswering(ports, facts, { file: policy.file, runUrl });
  // That it was seen is said while the ledger is read.
  const seen = answering.react('eyes');
  const state = await ports.ledger.read(config.model);
  const known = await lookUp(ports, facts, policy.file);
  const now = ports.clock.now();
  const decideOn = (on: LedgerState) => planEvent({ ...request, ...known, state: on, now });
  const trained = await readTrained(request, ports, decideOn(state));
  const decide = (on: LedgerState) => refuseParameters(decideOn(on), trained.project);
  const planning: Planning = { request, ports, answering, trained, decide };
  const decision = decide(state);
  await seen;
  // Only the monitor goes on without it: it tells people what hosts serve that no ledger knows.
  const isWatch = decision.kind === 'operation' && decision.operation === 'monitor';
  const isTold = decision.kind === 'operation' && TELLS.has(decision.operation);
  if (decision.kind !== 'ignore' && !isWatch) await requireKept(state, ports, { isTold });
  if (decision.kind !== 'operation') return decline(planning, decision);
  requireTrainable([
    ...findProjectProblems(decision, trained.project),
    ...findHoldoutProblems(decision, request),
  ]);
  return carryOut(planning, decision, state);
}

/** What would fail minutes into the training, and is known now. */
function requireTrainable([first, ...rest]: readonly Problem[]): void {
  if (first !== undefined) throw new UserError([first, ...rest]);
}

async function decline(
  { request: { eventName }, answering }: Planning,
  decision: Ignored | Refused,
): Promise<Planned> {
  if (decision.kind === 'ignore') return concludeIgnored(decision);
  await answering.react('-1');
  await answering.answer(answerRefusal(decision));
  return concludeRefused(decision, eventName);
}

/** What is done when it is written. */
const ENDS_HERE: ReadonlySet<string> = new Set(['freeze', 'unfreeze', 'mute', 'unmute']);

/** What only answers a question, and is answered before there is anything. */
const TELLS: ReadonlySet<string> = new Set(['help', 'status']);

/**
 * A ledger that holds nothing is the first of its model only where no host remembers another. Rejects with a UserError where one does, and
 * where nobody can tell; what is only told (`isTold`) is told all the same then.
 */
async function requireKept(
  state: LedgerState,
  { remembered }: PlanPorts,
  { isTold }: { readonly isTold: boolean },
): Promise<void> {
  if (state.events > 0) return;
  const told = await remembered();
  const lost = findLoss(state, told.heads) ?? (isTold ? undefined : findAbsence(state, told));
  if (lost !== undefined) throw new UserError([lost]);
}

async function carryOut(
  planning: Planning,
  operation: PlannedOperation,
  state: LedgerState,
): Promise<Planned> {
  const { request, ports } = planning;
  const { config, policy } = request;
  const serving = championOf(state, operation.environment);
  const fromOwnGate = config.models.champion === 'stored';
  const asked = serving && { champion: serving.version, answers: config.answers, fromOwnGate };
  const kept = asked && findKeptPredictions(state, config.data.holdout, asked);
  const answers = state.answers?.contract;
  const judged = optional('answers', serving?.gate?.answers);
  const { predictions, holdoutDigest } = serving?.gate ?? {};
  const ownGate = predictions && holdoutDigest ? { predictions, holdoutDigest } : undefined;
  const named = { ...optional('predictions', kept), ...optional('ownGate', ownGate) };
  const champion = serving && { ...serving, ...judged, ...named };
  const proposed = await findProposedPolicy(request, ports, operation);
  const variables = listVariables(policy.text);
  const { inputs } = config.data;
  const { environment, remote } = config.project;
  const isRemote = remote === undefined ? undefined : (true as const);
  const reached = { docker: environment === 'docker', ...optional('remote', isRemote) };
  const box = { ...config.box, variables, inputs, ...reached };
  const commit = findCommitAbout(state, operation);
  const known = {
    champion,
    ledger: headOf(state),
    answers,
    box,
    policy: proposed,
    commit,
    policySha: policy.sha,
    runners: config.search?.runners,
  };
  const shared = { operation, model: config.model, ...known };
  const answer = answerQuestion(planning, operation, state);
  if (answer !== undefined) return tell(planning, { ...shared, reasonCode: 'answered', report: answer });
  const { doubts } = planning.trained;
  const told = answerPlan(operation, { config, state }, [...doubts, ...proposed.changes]);
  if (operation.dryRun) {
    const forecast = await forecastOf(ports, operation);
    const report = { ...told, blocks: [...told.blocks, ...forecast] };
    return tell(planning, { ...shared, reasonCode: 'dry-run', report });
  }
  const recorded = await record(planning, operation, state);
  if (recorded.kind !== 'recorded') return decline(planning, recorded);
  const reacted = planning.answering.react('rocket');
  if (ENDS_HERE.has(operation.operation)) {
    await reacted;
    const blocks = [...told.blocks, ...describeUnrecorded(recorded.state)];
    return tell(planning, { ...shared, reasonCode: 'recorded', report: { ...told, blocks } });
  }
  const chain = { operation, model: config.model, commit };
  ports.afterwards(() => planning.answering.begin(chain, answerBegun(told)));
  await reacted;
  const ledger = headOf(recorded.state);
  const training = findTraining(recorded.state, operation);
  return concludeOperation({ ...shared, ledger, training, reasonCode: 'planned', report: told });
}

/** The answer to what only asks. */
function answerQuestion(
  { request: { config, models, runUrl }, ports }: Planning,
  { operation, environment }: PlannedOperation,
  state: LedgerState,
): Report | undefined {
  if (operation === 'help') return answerHelp(config, models);
  if (operation !== 'status') return undefined;
  const runsUrl = runUrl.slice(0, runUrl.lastIndexOf('/'));
  return answerStatus(config, state, { environment, now: ports.clock.now(), runsUrl });
}

/**
 * Writes the events of the operation, if it has any, on the state that it is decided on: the last training of a budget is given once.
 * Gives why it is none of this job's when another has written them, or what stands against it now.
 */
async function record(
  { request, ports: { ledger, clock, createNonce }, decide }: Planning,
  operation: PlannedOperation,
  state: LedgerState,
): Promise<Ignored | Refused | { readonly kind: 'recorded'; readonly state: LedgerState }> {
  const stamp = { at: clock.now(), nonce: createNonce() };
  if (!isRecorded(operation)) return { kind: 'recorded', state };
  let declined: Ignored | Refused | undefined;
  const { written, state: now } = await appendOrThrow(ledger, request.config.model, (current) => {
    const again = decide(current);
    const events =
      again.kind === 'operation' ? recordOf(request, operation, { ...stamp, state: current }) : again;
    declined = 'kind' in events ? events : undefined;
    return ok('kind' in events ? [] : events);
  });
  if (declined !== undefined) return declined;
  // Two jobs may read the ledger before either has written; the one that wrote the request carries it out.
  if (written.length > 0 || request.workflow.attempt !== 1) return { kind: 'recorded', state: now };
  return ignore('replayed', `${operation.correlationId} has been dealt with.`);
}

/** What the commit to be trained would change in the policy. It changes nothing, so a file that can't be read stops nothing. */
async function findProposedPolicy(
  { config, policy }: PlanRequest,
  { github, log }: PlanPorts,
  { operation, sha }: PlannedOperation,
): Promise<ProposedPolicy> {
  if (github === undefined || (operation !== 'train' && operation !== 'tune')) return { changes: [] };
  try {
    const theirs = await github.readFile(policy.file, sha);
    const written = theirs === undefined ? [] : describePolicy(comparePolicy(policy.text, theirs));
    // Of a commit that does not follow the default branch's it can't be told; it is judged all the same.
    const isSame = policy.sha === undefined || policy.sha === sha;
    const paths = isSame ? [] : ((await github.changedFiles(policy.sha, sha)) ?? []);
    const gate = theirs === undefined ? undefined : writeProposedGate(policy.text, theirs);
    const changes = [...written, ...describeTouchedFiles(config, paths)];
    return gate === undefined ? { changes } : { changes, gate };
  } catch (thrown) {
    log.warn(`The policy of ${sha} could not be compared with the default branch's: ${messageOf(thrown)}`);
    return { changes: [] };
  }
}

/** Hosts are asked only when someone wants to know: a plan that is carried out does not wait for them. */
async function forecastOf(
  { forecast }: PlanPorts,
  { operation, environment }: PlannedOperation,
): Promise<readonly Block[]> {
  if (operation !== 'deploy' || environment === undefined) return [];
  return (await forecast(environment)) ?? [];
}

/** Answers where the command was given, and concludes with the same. */
async function tell(planning: Planning, conclusion: Conclusion): Promise<Planned> {
  await planning.answering.answer(conclusion.report);
  return concludeOperation(conclusion);
}
