import path from 'node:path';
import type { Holdout } from '../../core/config/config.ts';
import { UserError } from '../../core/errors.ts';
import { descriptionPath, predictionsPath } from '../../core/gate/predictions-path.ts';
import { TAGS } from '../../core/names.ts';
import type { EvaluationTarget, TrackingRun } from '../../core/ports.ts';
import type { CONTRACTS } from '../job/contract.ts';
import type { OutcomeOf } from '../job/outcome.ts';
import type { GatePorts, GateRequest } from './gate-context.ts';

type Predicted = OutcomeOf<(typeof CONTRACTS)['evaluate-gate']>;

/**
 * Runs challenger and champion on the holdout and stores their predictions with the challenger's run. Predictions of the same
 * model on the same holdout are kept, so running it again costs nothing. This phase runs the user's code and judges nothing.
 */
export async function predict(request: GateRequest, ports: GatePorts): Promise<Predicted> {
  const { tracking, log } = ports;
  const holdout = requireHoldout(request);
  const run = await requireModel(request, ports);
  const { champion } = request.plan;
  const holdoutDigest = await ports.hashFile(holdout.path);
  const models = [run.modelUri, ...(champion === undefined ? [] : [champion.modelUri])];
  const stored = await tracking.listArtifacts(
    run.runId,
    path.posix.dirname(predictionsPath(run.modelUri, holdoutDigest)),
  );
  const missing = models.filter((modelUri) => !stored.includes(descriptionPath(modelUri, holdoutDigest)));
  if (missing.length > 0) {
    await log.group('Predicting the holdout', () =>
      evaluate(ports, run.runId, holdout, holdoutDigest, missing),
    );
  }
  await tracking.setRunTags(run.runId, { [TAGS.holdoutDigest]: holdoutDigest });
  const whose =
    champion === undefined
      ? 'the challenger (there is no champion yet)'
      : `both models (champion ${champion.version})`;
  const headline = `The predictions of ${whose} on ${holdout.path} are stored with run ${run.runId}.`;
  return {
    decision: 'continue',
    reasonCode: missing.length > 0 ? 'predicted' : 'already-predicted',
    headline,
    report: { sign: 'predicted', blocks: [{ kind: 'paragraph', text: headline }] },
    outputs: {},
    result: { runId: run.runId, modelUri: run.modelUri, holdoutDigest, champion, predicted: missing },
  };
}

async function evaluate(
  ports: GatePorts,
  runId: string,
  holdout: Holdout,
  holdoutDigest: string,
  models: readonly string[],
): Promise<void> {
  const targets = models.map(
    (modelUri): EvaluationTarget => ({
      modelUri,
      predictions: ports.tempPath(path.posix.basename(predictionsPath(modelUri, holdoutDigest))),
    }),
  );
  const evaluations = await ports.python.evaluate({ targets, holdout });
  for (const [index, { modelUri, predictions }] of targets.entries()) {
    await ports.tracking.uploadArtifact(runId, predictionsPath(modelUri, holdoutDigest), predictions);
    // The description goes last: where it is, the predictions are whole.
    const description = await ports.writeTemp(`evaluation-${index}.json`, JSON.stringify(evaluations[index]));
    await ports.tracking.uploadArtifact(runId, descriptionPath(modelUri, holdoutDigest), description);
  }
}

function requireHoldout({ config, configFile }: GateRequest): Holdout {
  if (config.data.holdout !== undefined) return config.data.holdout;
  throw new UserError([
    {
      code: 'no-holdout',
      message: 'There is no holdout to compare models on.',
      remedy: 'Add data.holdout with the path of examples that no training sees.',
      where: { kind: 'file', file: configFile },
    },
  ]);
}

/** The run, which must have logged a model. */
export async function requireModel(
  { runId }: GateRequest,
  { tracking }: GatePorts,
): Promise<TrackingRun & { readonly modelUri: string }> {
  const run = await tracking.getRun(runId);
  if (run.modelUri !== undefined) return { ...run, modelUri: run.modelUri };
  throw new UserError([
    {
      code: 'no-model-logged',
      message: `Run ${runId} logged no model.`,
      remedy: 'Pass the run-id that the train action gave.',
    },
  ]);
}
