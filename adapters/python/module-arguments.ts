import path from 'node:path';
import type { AnswersReading } from '../../core/answers/contract.ts';
import type { ExplainPolicy, Holdout, ServingInput } from '../../core/config/config.ts';
import type { PackageRequest } from '../../core/python-port.ts';
import type { BatchPlan } from '../../core/serving/batching/choose-batch-size.ts';
import type { ServingSettings } from '../../core/serving/package-manifest.ts';

/** The argument that asks what the answers hang on. */
export function explainArguments(explain: ExplainPolicy | undefined): readonly string[] {
  if (explain === undefined) return [];
  const { timeoutSeconds: seconds, ...rest } = explain;
  return ['--explain', JSON.stringify({ ...rest, seconds })];
}

/** What a model that predicts must not find: its answers are compared with what is in there. */
export function holdoutFiles(holdout: Holdout | undefined, workspace: string): readonly string[] {
  return holdout === undefined ? [] : [path.resolve(workspace, holdout.path)];
}

/** The arguments that say which file is the holdout and what its columns mean. */
export function holdoutArguments(holdout: Holdout, workspace: string): readonly string[] {
  const { path: file, target, id, group, time, slices, inputs } = holdout;
  return [
    ...['--holdout', path.resolve(workspace, file), '--target', target],
    ...(id === undefined ? [] : ['--id', id]),
    ...(group === undefined ? [] : ['--group', group]),
    ...(time === undefined ? [] : ['--time', time]),
    ...(slices.length === 0 ? [] : ['--slices', slices.join(',')]),
    ...(inputs === undefined ? [] : ['--inputs', inputs.join(',')]),
  ];
}

/** The arguments that say how the answers are to be read. */
export function answersArguments({ contract, isSettled }: AnswersReading): readonly string[] {
  return ['--answers', JSON.stringify(contract), ...(isSettled ? ['--settled'] : [])];
}

/** The argument that says how pictures become what the model takes. */
export function pictureArguments(input: ServingInput | undefined): readonly string[] {
  return input === undefined ? [] : ['--pictures', JSON.stringify(input)];
}

/** The arguments that say what is packed, how it is to be served, and where the package and the answer go. */
export function packageArguments(request: PackageRequest, workspace: string, out: string): readonly string[] {
  const { serving, holdout } = request;
  const { settings } = serving;
  // Until it is measured, one by one.
  const batchSize = settings.batchSize === 'auto' ? 1 : settings.batchSize;
  return [
    ...['--model-uri', request.modelUri, '--model', request.model, '--version', request.version],
    ...['--model-digest', request.modelDigest],
    ...['--run-id', request.runId, '--package-dir', request.folder, '--out', out],
    ...(holdout === undefined ? [] : holdoutArguments(holdout, workspace)),
    ...answersArguments(request.answers),
    ...['--columns', JSON.stringify(request.columns)],
    ...pictureArguments(serving.input),
    ...['--format', serving.format],
    ...['--workers', String(settings.workers), '--batch-size', String(batchSize)],
    ...['--max-batch-delay-ms', String(settings.maxBatchDelayMs), '--gpu', settings.gpu],
    ...['--response-timeout-seconds', String(settings.responseTimeoutSeconds)],
  ];
}

/** The arguments that say how batches of what kind of package are to be measured. */
export function batchArguments(
  { largest, seconds, batches, fewest, limitMs }: BatchPlan,
  gpu: ServingSettings['gpu'],
): readonly string[] {
  return [
    ...['--largest', String(largest), '--seconds', String(seconds), '--gpu', gpu],
    ...['--batches', String(batches), '--fewest', String(fewest)],
    ...(limitMs === undefined ? [] : ['--limit-ms', String(limitMs)]),
  ];
}
