import path from 'node:path';
import type { StoredAnswers } from '../../adapters/read-answers.ts';
import { type AnswersReading, mergeContracts, readAsJudged } from '../../core/answers/contract.ts';
import type { BoxLevel } from '../../core/box-level.ts';
import type { ModelsPolicy } from '../../core/config/config.ts';
import { optional } from '../../core/config/optional.ts';
import { messageOf, UserError } from '../../core/errors.ts';
import { isOwnEnvironment } from '../../core/gate/model-environment.ts';
import { explanationPath, predictionsPath } from '../../core/gate/predictions-path.ts';
import type { HandedModel } from '../../core/plan/chain/handed-on.ts';
import type { CONTRACTS } from '../job/contract.ts';
import { fetchVouched } from '../job/fetch-vouched.ts';
import type { Trained } from '../job/handoff.ts';
import type { OutcomeOf } from '../job/outcome.ts';
import { findSteps, toldOfSteps } from './find-steps.ts';
import type { GatePorts, GateRequest } from './gate-context.ts';
import { readBehaviour } from './read-behaviour.ts';
import { readPinnedHoldout } from './read-pinned-holdout.ts';
import { requireSameModel } from './require-same-model.ts';

type Predicted = OutcomeOf<(typeof CONTRACTS)['evaluate-gate']>;

/** One model to be asked about the holdout, and the run that its predictions are stored with. */
type Asked = HandedModel & { readonly who: string };

/**
 * Runs the challenger on the default branch's holdout and stores its predictions with its run. It is asked anew each time: whoever may
 * write to MLflow could have put predictions there. This phase runs the user's code and judges nothing; what it says of itself is the
 * digest, as its job's output.
 */
export async function predict(
  request: GateRequest,
  ports: GatePorts,
  { runId, modelUri, modelDigest }: Trained,
): Promise<Predicted> {
  const asked = { who: 'the challenger', runId, modelUri, modelDigest };
  const read = await readTask(request, ports);
  const behaviour = await readBehaviour(request.config.gate, ports);
  return ask(ports, asked, { ...read, examples: behaviour.map((file) => file.path) });
}

/**
 * The same for the champion, in a job that never runs the challenger's code. Predictions that the ledger names by their digest are used
 * again, where they were made in the environment it would be asked in now; what they hang on is then asked of it apart, and has no part in what it is judged by; none are made where nothing serves yet.
 */
export async function predictChampion(request: GateRequest, ports: GatePorts): Promise<Predicted> {
  const { champion } = request.plan;
  if (champion === undefined) {
    const headline = 'Nothing serves yet: there is no champion to predict with.';
    const nothing = { digest: '', box: undefined, explanation: '', result: {} };
    return conclude({ reasonCode: 'nothing-to-do', headline, ...nothing });
  }
  const { version, runId, modelUri, modelDigest } = champion;
  const read = await readTask(request, ports);
  const holdoutDigest = read.held.digest;
  const asked = { who: `the champion, version ${version},`, runId, modelUri, modelDigest };
  const { models } = request.config;
  const task = async (): Promise<Task> => ({
    ...{ ...read, answers: readAsJudged(read.answers.contract, champion.answers) },
    // Without steps of ours there are no pictures of ours.
    input: read.input && (await findSteps(ports, champion)),
  });
  const kept = champion.predictions?.holdoutDigest === holdoutDigest ? champion.predictions : undefined;
  const said = kept && (await readKept(ports, asked, { ...kept, rows: read.held.ids.length }));
  const isUsed = said !== undefined && isAsWanted(said, models);
  if (kept === undefined || !isUsed) {
    if (models.champion === 'stored') throw noneStored(version, holdoutDigest, kept !== undefined);
    return ask(ports, asked, await task()).catch((thrown: unknown) => {
      throw toldOfSteps(toldOfChampion(thrown, version), version);
    });
  }
  const isExplained = models.explain !== undefined && models.champion !== 'stored';
  const explanation = isExplained ? await explainKept(ports, asked, task) : '';
  const headline = `The predictions of ${asked.who} that the ledger names are stored with run ${runId}.`;
  const result = { runId, modelUri, holdoutDigest };
  return conclude({
    reasonCode: 'already-predicted',
    headline,
    digest: kept.digest,
    box: kept.box,
    explanation,
    result,
  });
}

/** The holdout, and what is known of the answers to it. */
async function readTask(request: GateRequest, ports: GatePorts) {
  const contract = mergeContracts(request.config.answers, request.plan.answers);
  const answers: AnswersReading = { contract, isSettled: false };
  const { explain } = request.config.models;
  const { input } = request.config.serving;
  return {
    ...(await readPinnedHoldout(request, ports)),
    answers,
    ...{ input, examples: [] as readonly string[], explain },
  };
}

type Task = Awaited<ReturnType<typeof readTask>>;

type KeptSaid = Pick<StoredAnswers, 'environment'>;

type Kept = { readonly holdoutDigest: string; readonly digest: string; readonly rows: number };

/**
 * What the file of the champion's predictions says beside them, where those that stand in MLflow are, byte for byte, those that a judgement was based on;
 * `undefined` where they are not.
 */
async function readKept(
  ports: GatePorts,
  { runId, modelUri }: Asked,
  { holdoutDigest, digest, rows }: Kept,
): Promise<KeptSaid | undefined> {
  const stored = predictionsPath(modelUri, holdoutDigest, digest);
  const found = await ports.tracking.listArtifacts(runId, path.posix.dirname(stored));
  if (!found.includes(stored)) return undefined;
  const file = ports.tempPath('kept-of-champion.parquet');
  const isVouched = await fetchVouched(ports, { runId, stored, digest }, file);
  if (!isVouched) return undefined;
  try {
    return await ports.readAnswers(file, rows);
  } catch (thrown) {
    // Ours, of a version of Trainyard that wrote them otherwise: they can't be judged by either.
    if (thrown instanceof UserError) return undefined;
    throw thrown;
  }
}

/** Whether kept predictions are what the champion would say as it is to be asked: another environment may have said otherwise. */
function isAsWanted({ environment }: KeptSaid, { environment: wanted, champion }: ModelsPolicy): boolean {
  return champion === 'stored' || wanted === 'runner' || isOwnEnvironment(environment);
}

/** The champion is not to be asked, and nothing is kept of it. */
function noneStored(version: string, holdoutDigest: string, isNamed: boolean): UserError {
  const why = isNamed
    ? 'the ledger names some, and they no longer stand with its run, byte for byte and as this version of Trainyard reads them'
    : 'the ledger names none that were made on this file, with its columns and what models answer as they are described now, and without metrics of your own';
  return new UserError([
    {
      code: 'none-stored',
      message: `models.champion is stored, and no predictions of version ${version} on the holdout ${holdoutDigest} are kept: ${why}.`,
      remedy:
        'Put the holdout back that it was judged on; or let it be asked: models.champion: predict in trainyard.yml of the default branch, with models.environment: runner where its own environment can’t be built.',
    },
  ]);
}

/** Who is told that the champion is not there has not trained it: the way on is another one than a training's. */
function toldOfChampion(thrown: unknown, version: string): unknown {
  if (!(thrown instanceof UserError)) return thrown;
  const [problem] = thrown.problems;
  if (problem?.code !== 'model-not-found') return thrown;
  const told = {
    code: 'champion-not-found',
    message: `The champion, version ${version}, is no longer in MLflow: ${problem.message}`,
    remedy:
      'Restore its run’s artifacts (`mlflow gc` and rules of the object store remove them). Where they are lost, judge by what is kept of it: models.champion: stored in trainyard.yml of the default branch; or roll back to a version whose files are there.',
  };
  return new UserError([told], { cause: thrown });
}

async function ask(ports: GatePorts, asked: Asked, task: Task): Promise<Predicted> {
  const { tracking, hashFile } = ports;
  const { who, runId, modelUri } = asked;
  const holdoutDigest = task.held.digest;
  const { evaluation, predictions, explanation } = await evaluate(ports, asked, task);
  const digest = await hashFile(predictions);
  await tracking.uploadArtifact(runId, predictionsPath(modelUri, holdoutDigest, digest), predictions);
  const headline = `The predictions of ${who} on ${task.holdout.path} are stored with run ${runId}.`;
  return conclude({
    reasonCode: 'predicted',
    headline,
    digest,
    box: evaluation?.box,
    explanation: await keepExplanation(ports, asked, { ...task, explanation }),
    result: { ...evaluation, runId, modelUri, holdoutDigest },
  });
}

async function evaluate(
  { python, log, tempPath }: GatePorts,
  asked: Asked,
  { holdout, answers, input, examples, explain }: Task,
) {
  const { runId, modelUri } = asked;
  const predictions = tempPath(`predictions-of-${runId}.parquet`);
  const explanation = explain && tempPath(`explanation-of-${runId}.json`);
  const target = { modelUri, predictions, ...optional('explanation', explanation) };
  const [evaluation] = await log.group('Predicting the holdout', () =>
    python.evaluate({
      ...{ targets: [target], holdout, answers, input, examples },
      ...optional('explain', explain),
    }),
  );
  requireSameModel(asked, evaluation?.modelDigest);
  return { evaluation, predictions, explanation };
}

/** Asks a champion what its answers hang on that is judged by kept ones: nothing else is taken of what it says now, and no failure is one of the gate. */
async function explainKept(ports: GatePorts, asked: Asked, findTask: () => Promise<Task>): Promise<string> {
  try {
    const task = await findTask();
    const { explanation } = await evaluate(ports, asked, task);
    return await keepExplanation(ports, asked, { ...task, explanation });
  } catch (thrown) {
    if (thrown instanceof Error && thrown.name === 'AbortError') throw thrown;
    ports.log.warn(`What the answers of ${asked.who} hang on is not known: ${messageOf(thrown)}`);
    return '';
  }
}

/** Stores an explanation with the model's run and gives its digest; empty where none was made, or that fails, which fails nothing else. */
async function keepExplanation(
  { tracking, hashFile, log }: GatePorts,
  { who, runId, modelUri }: Asked,
  { held, explanation }: Pick<Task, 'held'> & { readonly explanation: string | undefined },
): Promise<string> {
  if (explanation === undefined) return '';
  try {
    const digest = await hashFile(explanation);
    await tracking.uploadArtifact(runId, explanationPath(modelUri, held.digest, digest), explanation);
    return digest;
  } catch (thrown) {
    log.warn(
      `What the answers of ${who} hang on could not be stored with run ${runId}: ${messageOf(thrown)}`,
    );
    return '';
  }
}

type Conclusion = {
  readonly reasonCode: 'predicted' | 'already-predicted' | 'nothing-to-do';
  readonly headline: string;
  /** Of the predictions; empty where there are none. */
  readonly digest: string;
  /** In what box they were made. */
  readonly box: BoxLevel | undefined;
  /** Digest of what the answers hang on; empty where that is not known. */
  readonly explanation: string;
  readonly result: Readonly<Record<string, unknown>>;
};

function conclude({ reasonCode, headline, digest, box, explanation, result }: Conclusion): Predicted {
  return {
    decision: 'continue',
    reasonCode,
    headline,
    report: { sign: 'predicted', blocks: [{ kind: 'paragraph', text: headline }] },
    outputs: { predictions: digest, box: box ?? '', explanation },
    result: { ...result, predictions: digest },
  };
}
