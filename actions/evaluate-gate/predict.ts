import path from 'node:path';
import { mergeContracts, readAsJudged } from '../../core/answers/contract.ts';
import type { BoxLevel } from '../../core/box-level.ts';
import { predictionsPath } from '../../core/gate/predictions-path.ts';
import type { HandedModel } from '../../core/plan/chain/handed-on.ts';
import type { CONTRACTS } from '../job/contract.ts';
import type { Trained } from '../job/handoff.ts';
import type { OutcomeOf } from '../job/outcome.ts';
import type { GatePorts, GateRequest } from './gate-context.ts';
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
  return ask(ports, asked, await readTask(request, ports));
}

/**
 * The same for the champion, in a job that never runs the challenger's code. Predictions that the ledger names by their digest are used
 * again; none are made where nothing serves yet.
 */
export async function predictChampion(request: GateRequest, ports: GatePorts): Promise<Predicted> {
  const { champion } = request.plan;
  if (champion === undefined) {
    const headline = 'Nothing serves yet: there is no champion to predict with.';
    return conclude({ reasonCode: 'nothing-to-do', headline, digest: '', box: undefined, result: {} });
  }
  const { version, runId, modelUri, modelDigest } = champion;
  const read = await readTask(request, ports);
  const holdoutDigest = read.held.digest;
  const asked = { who: `the champion, version ${version},`, runId, modelUri, modelDigest };
  const kept = champion.predictions;
  if (kept?.holdoutDigest !== holdoutDigest || !(await isKept(ports, asked, kept))) {
    return ask(ports, asked, { ...read, answers: readAsJudged(read.answers, champion.answers) });
  }
  const headline = `The predictions of ${asked.who} that the ledger names are stored with run ${runId}.`;
  const result = { runId, modelUri, holdoutDigest };
  return conclude({ reasonCode: 'already-predicted', headline, digest: kept.digest, box: kept.box, result });
}

/** The holdout, and what is known of the answers to it. */
async function readTask(request: GateRequest, ports: GatePorts) {
  const answers = mergeContracts(request.config.answers, request.plan.answers);
  return { ...(await readPinnedHoldout(request, ports)), answers };
}

/** Whether the predictions that stand in MLflow are, byte for byte, those that a judgement was based on. */
async function isKept(
  { tracking, tempPath, hashFile }: GatePorts,
  { runId, modelUri }: Asked,
  { holdoutDigest, digest }: { readonly holdoutDigest: string; readonly digest: string },
): Promise<boolean> {
  const stored = predictionsPath(modelUri, holdoutDigest, digest);
  if (!(await tracking.listArtifacts(runId, path.posix.dirname(stored))).includes(stored)) return false;
  const file = tempPath('kept.parquet');
  await tracking.downloadArtifact(runId, stored, file);
  return (await hashFile(file)) === digest;
}

async function ask(
  { tracking, python, log, tempPath, hashFile }: GatePorts,
  asked: Asked,
  { holdout, held, answers }: Awaited<ReturnType<typeof readTask>>,
): Promise<Predicted> {
  const { who, runId, modelUri } = asked;
  const holdoutDigest = held.digest;
  const predictions = tempPath(`predictions-of-${runId}.parquet`);
  const [evaluation] = await log.group('Predicting the holdout', () =>
    python.evaluate({ targets: [{ modelUri, predictions }], holdout, answers }),
  );
  requireSameModel(asked, evaluation?.modelDigest);
  const digest = await hashFile(predictions);
  await tracking.uploadArtifact(runId, predictionsPath(modelUri, holdoutDigest, digest), predictions);
  const headline = `The predictions of ${who} on ${holdout.path} are stored with run ${runId}.`;
  return conclude({
    reasonCode: 'predicted',
    headline,
    digest,
    box: evaluation?.box,
    result: { ...evaluation, runId, modelUri, holdoutDigest },
  });
}

type Conclusion = {
  readonly reasonCode: 'predicted' | 'already-predicted' | 'nothing-to-do';
  readonly headline: string;
  /** Of the predictions; empty where there are none. */
  readonly digest: string;
  /** In what box they were made. */
  readonly box: BoxLevel | undefined;
  readonly result: Readonly<Record<string, unknown>>;
};

function conclude({ reasonCode, headline, digest, box, result }: Conclusion): Predicted {
  return {
    decision: 'continue',
    reasonCode,
    headline,
    report: { sign: 'predicted', blocks: [{ kind: 'paragraph', text: headline }] },
    outputs: { predictions: digest, box: box ?? '' },
    result: { ...result, predictions: digest },
  };
}
