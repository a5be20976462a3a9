import { type Config, defaultEnvironment } from '../../core/config/config.ts';
import { type Problem, UserError } from '../../core/errors.ts';
import { registryAliases } from '../../core/identity/registry-aliases.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import {
  type GateJudgement,
  type LedgerState,
  lookUp,
  type Training,
  type VersionState,
} from '../../core/ledger/state.ts';
import { TAGS } from '../../core/names.ts';
import type { HandedModel } from '../../core/plan/chain/handed-on.ts';
import { isOfProduction } from '../../core/plan/training/find-search.ts';
import type { Clock, Ledger, Log, Tracking } from '../../core/ports.ts';
import { err, ok } from '../../core/result.ts';
import { appendOrThrow } from '../job/append-or-throw.ts';
import type { Author } from '../job/author.ts';
import type { CONTRACTS } from '../job/contract.ts';
import type { Plan } from '../job/handoff.ts';
import type { OutcomeOf } from '../job/outcome.ts';
import { requireModelBytes } from '../job/require-model-bytes.ts';
import {
  describeSigned,
  type OpenBundle,
  requireSignedModel,
  type SignedFolder,
} from './require-signed-model.ts';

type RegisterRequest = {
  readonly plan: Plan;
  readonly config: Config;
  readonly runId: string;
  readonly author: Author;
};

type RegisterPorts = {
  readonly tracking: Tracking;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: Log;
  /** Opens the bundles that models have to bring; absent where they need bring none. */
  readonly openBundle?: OpenBundle | undefined;
};

type Registered = OutcomeOf<typeof CONTRACTS.register>;

/**
 * Registers the model of a run whose gate has passed, once per run, and points its environment's alias `challenger` at it. Which model that
 * is the ledger says; MLflow is asked for its bytes alone, and they have to be those that were judged.
 */
export async function register(request: RegisterRequest, ports: RegisterPorts): Promise<Registered> {
  const { config, runId, author } = request;
  const { tracking, ledger, clock, log } = ports;
  const state = await ledger.read(config.model);
  const known = Object.values(state.versions).find((version) => version.runId === runId);
  const gate = requirePassedGate(state, runId);
  const training = requireTraining(state, gate);
  const { modelUri, modelDigest } = training;
  const signed = await checkModel(ports, training);
  requireSignature((await tracking.getModel(modelUri))?.hasSignature, runId);
  const tags = tagsOf(request, training, gate);
  const { version } = await tracking.register(config.model, { runId, modelUri }, tags);
  if (known !== undefined && known.version !== version) throw otherVersion(config.model, version, known);
  const taken = lookUp(state.versions, version);
  if (taken !== undefined && taken.runId !== runId)
    throw new UserError([numberTaken(config.model, taken, runId)]);
  log.info(`${config.model} version ${version} is READY.`);
  const { challenger } = registryAliases(request.plan.environment, defaultEnvironment(config));
  await tracking.setAlias(config.model, challenger, version);
  const data = { version, runId, modelUri, modelDigest };
  const event = createEvent({ ...author, at: clock.now() }, 'version.registered', data, version);
  await appendOrThrow(ledger, config.model, ({ versions }) => {
    const there = lookUp(versions, version);
    if (there === undefined) return ok([event]);
    return there.runId === runId ? ok([]) : err(numberTaken(config.model, there, runId));
  });
  const { answers } = gate;
  const headline = `${config.model} version ${version} is registered from run ${runId}.`;
  const paragraphs = [`${headline} It carries the alias \`${challenger}\`.`, ...signed.map(describeSigned)];
  return {
    decision: 'continue',
    reasonCode: known === undefined ? 'registered' : 'already-registered',
    headline,
    report: {
      sign: 'registered',
      blocks: paragraphs.map((text) => ({ kind: 'paragraph', text })),
    },
    outputs: { version },
    result: {
      ...data,
      ...(known?.package && { package: known.package.package }),
      ...(answers && { answers }),
      ...(signed.length > 0 && { signed }),
    },
  };
}

/** Its bytes are those that were judged, and signed where that is asked for. */
async function checkModel(
  { tracking, openBundle }: RegisterPorts,
  training: Known,
): Promise<readonly SignedFolder[]> {
  if (openBundle !== undefined) return requireSignedModel({ tracking, openBundle }, training);
  await requireModelBytes(tracking, training);
  return [];
}

/** A training whose model the ledger knows. */
type Known = Training & HandedModel;

function tagsOf(
  { plan }: RegisterRequest,
  training: Known,
  gate: GateJudgement,
): Readonly<Record<string, string>> {
  const { modelDigest, dataDigest, study } = training;
  return {
    [TAGS.correlation]: plan.correlationId,
    [TAGS.sha]: plan.sha,
    [TAGS.modelDigest]: modelDigest,
    [TAGS.holdoutDigest]: gate.holdoutDigest,
    [TAGS.life]: 'staging',
    ...(dataDigest !== undefined && { [TAGS.dataDigest]: dataDigest }),
    ...(isOfProduction(training) && { [TAGS.pipeline]: 'production' }),
    ...(study !== undefined && { [TAGS.study]: JSON.stringify(study) }),
  };
}

function requirePassedGate(state: LedgerState, runId: string): GateJudgement {
  const gate = state.gates[runId];
  if (gate?.verdict === 'pass') return gate;
  const said = gate === undefined ? 'has not been judged' : `did not pass its gate (${gate.headline})`;
  throw new UserError([
    {
      code: 'gate-not-passed',
      message: `Run ${runId} ${said}, so it is not registered.`,
      remedy: 'Run evaluate-gate (phase judge) first, and go on only when its decision is continue.',
    },
  ]);
}

function requireTraining(state: LedgerState, { runId, modelDigest: judged }: GateJudgement): Known {
  const training = Object.values(state.trainings).find((candidate) => candidate.runId === runId);
  const { modelUri, modelDigest } = training ?? {};
  if (
    training !== undefined &&
    modelUri !== undefined &&
    modelDigest !== undefined &&
    modelDigest === judged
  ) {
    return { ...training, runId, modelUri, modelDigest };
  }
  throw new UserError([
    {
      code: 'training-unknown',
      message: `The ledger knows no finished training of run ${runId} whose model is the one that was judged.`,
      remedy: 'Run evaluate-gate (phase judge) again: it records the training together with the verdict.',
    },
  ]);
}

function requireSignature(has: boolean | undefined, runId: string): void {
  if (has === true) return;
  throw new UserError([
    {
      code: 'no-signature',
      message: `The model of run ${runId} has no signature, so requests to it can't be checked.`,
      remedy: 'Pass input_example=… (or signature=…) to log_model in the training script.',
    },
  ]);
}

function otherVersion(model: string, version: string, known: VersionState): UserError {
  return new UserError([
    {
      code: 'registry-differs',
      message: `MLflow has run ${known.runId} as version ${version} of ${model}, and the ledger as version ${known.version}.`,
      remedy: 'Someone has deleted or added versions in the registry: find out who, and train again.',
    },
  ]);
}

/** MLflow counts from 1 again when a registered model, or its database, was lost; the ledger gives a number once. */
function numberTaken(model: string, { version, runId: first }: VersionState, runId: string): Problem {
  return {
    code: 'registry-differs',
    message: `MLflow has run ${runId} as version ${version} of ${model}, and the ledger has run ${first} as that version.`,
    remedy:
      'The registered model was deleted in MLflow, or its database lost: restore it, or create versions there until its numbers are above all of the ledger’s; then train again.',
  };
}
