import type { StoredAnswers } from '../../adapters/read-answers.ts';
import { type AnswersContract, isSettledBy } from '../../core/answers/contract.ts';
import { atLeastOne, messageOf, type Problem, UserError } from '../../core/errors.ts';
import type { Answers } from '../../core/gate/answers.ts';
import { checkContract } from '../../core/gate/check-contract.ts';
import type { Explanation } from '../../core/gate/explain/explanation.ts';
import type { HeldOut } from '../../core/gate/held-out.ts';
import { joinAnswers } from '../../core/gate/join-answers.ts';
import type { Predictions } from '../../core/gate/predictions.ts';
import { explanationPath, predictionsPath } from '../../core/gate/predictions-path.ts';
import { RUN_ARTIFACTS } from '../../core/names.ts';
import type { HandedModel } from '../../core/plan/chain/handed-on.ts';
import { fetchVouched } from '../job/fetch-vouched.ts';
import type { GatePorts } from './gate-context.ts';
import { requireSameModel } from './require-same-model.ts';

/** One model's answers beside what is true, and what its own run says of it. */
export type JudgedSide = Pick<StoredAnswers, 'modelDigest' | 'signature' | 'environment' | 'examples'> & {
  readonly predictions: Predictions;
  readonly answers: Answers;
  /** Of the file that the answers came from. */
  readonly digest: string;
  readonly metrics: Readonly<Record<string, number>>;
};

/** A model, the run that holds its predictions, and the digest that the job which made them gave. */
type Wanted = HandedModel & {
  readonly who: 'champion' | 'challenger';
  readonly digest: string;
  /** What it logged, where the job that trained it says so; else its run is asked. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** What the ledger has fixed of them: it goes before the run's word. */
  readonly fixedMetrics?: Readonly<Record<string, number>>;
  /** What the default branch and the ledger say of its answers. */
  readonly expected: AnswersContract;
  /** What they were judged by, where that model has passed a gate before. */
  readonly judged: AnswersContract | undefined;
};

type ExplanationWanted = Pick<Wanted, 'who' | 'runId' | 'modelUri'> & {
  readonly digest: string | undefined;
};

/**
 * Fetches a model's answers and lays them beside the holdout. Rejects with a UserError when they are not, byte for byte, what the job that
 * made them has vouched for, are another model's, or are no answers to just these examples.
 */
export async function fetchSide(ports: GatePorts, held: HeldOut, wanted: Wanted): Promise<JudgedSide> {
  const { who, runId, modelUri, digest } = wanted;
  const { tracking, tempPath, readAnswers } = ports;
  const stored = predictionsPath(modelUri, held.digest, digest);
  const found = await tracking.listArtifacts(runId, RUN_ARTIFACTS.predictions);
  if (!found.includes(stored)) throw new UserError([missing(wanted, held)]);
  const file = tempPath(`${who}.parquet`);
  const isVouched = await fetchVouched(ports, { runId, stored, digest }, file);
  if (!isVouched) throw new UserError([exchanged(wanted)]);
  const { answers, ...own } = await readAnswers(file, held.ids.length);
  requireSameModel(wanted, own.modelDigest);
  const [otherwise, ...more] = checkContract(answers, { expected: wanted.expected, truth: held.truth, who });
  if (otherwise !== undefined) throw new UserError([otherwise, ...more]);
  const joined = joinAnswers(answers, held, who);
  if (!joined.ok) throw new UserError(atLeastOne(joined.error));
  const logged = wanted.metrics ?? (await tracking.getRun(runId)).metrics;
  const metrics = { ...logged, ...wanted.fixedMetrics };
  const isSettled = isSettledBy(wanted.judged, wanted.expected);
  return { predictions: { ...joined.value, isSettled }, answers, digest, metrics, ...own };
}

/**
 * What a model's answers hang on, as the job that predicted vouches for it; `undefined` where it made none. It has no part in a verdict: one
 * that is lost, exchanged or can't be read is a warning.
 */
export async function fetchExplanation(
  ports: GatePorts,
  held: HeldOut,
  { who, runId, modelUri, digest }: ExplanationWanted,
): Promise<Explanation | undefined> {
  if (digest === undefined) return undefined;
  try {
    const file = ports.tempPath(`${who}-explanation.json`);
    const stored = explanationPath(modelUri, held.digest, digest);
    const isVouched = await fetchVouched(ports, { runId, stored, digest }, file);
    if (!isVouched) throw new Error('it is another one than was made in this workflow');
    return await ports.readExplanation(file);
  } catch (thrown) {
    ports.log.warn(
      `The explanation of the ${who} that stands with run ${runId} is not shown: ${messageOf(thrown)}.`,
    );
    return undefined;
  }
}

function missing({ who, runId, digest }: Wanted, held: HeldOut): Problem {
  return {
    code: 'predictions-missing',
    message: `Run ${runId} holds no predictions of the ${who} with the digest ${digest} on the holdout ${held.digest}, which judge reads.`,
    remedy: 'Run all jobs again; those that predict and the one that judges must read the same file.',
  };
}

function exchanged({ who, runId, digest }: Wanted): Problem {
  return {
    code: 'predictions-exchanged',
    message: `The predictions of the ${who} that stand with run ${runId} are not those that were made in this workflow (${digest}).`,
    remedy: 'Run all jobs again. If it happens again, find out who writes to MLflow.',
  };
}
