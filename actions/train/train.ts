import { type Problem, UserError } from '../../core/errors.ts';
import type { Instant } from '../../core/instant.ts';
import { RESUME_VARIABLE, RUN_ARTIFACTS, SCHEMAS, TAGS } from '../../core/names.ts';
import type { HandedModel, TrainedModel } from '../../core/plan/chain/handed-on.ts';
import type { ProjectStep, StepEnd, Tracking, TrackingRun } from '../../core/ports.ts';
import type { CONTRACTS } from '../job/contract.ts';
import type { Trained as HandedOn } from '../job/handoff.ts';
import type { OutcomeOf } from '../job/outcome.ts';
import { findEarlier, sealFinished, sealOpened } from './find-earlier.ts';
import { findLastWords, findTraceback } from './find-traceback.ts';
import { followMetrics } from './follow-metrics.ts';
import { logGiven, sourceTags } from './keep-habits.ts';
import { provenanceOf } from './provenance-of.ts';
import { reportTraining } from './report-training.ts';
import type { HashedData, TrainPorts, TrainRequest } from './train-context.ts';

type Trained = OutcomeOf<typeof CONTRACTS.train>;

/**
 * Runs the MLflow Project once per correlation id and commit: a training that finished is found again, one whose runner was lost is
 * started anew with a pointer to what it left. Rejects with a UserError that names the user's line when the script fails.
 */
export async function train(request: TrainRequest, ports: TrainPorts): Promise<Trained> {
  const { tracking, log } = ports;
  await tracking.check();
  const earlier = await findEarlier(request, ports);
  switch (earlier.kind) {
    case 'finished': {
      const { run, model } = earlier;
      log.info(`This training is done already: ${run.url}`);
      return conclude('already-trained', { run, model });
    }
    case 'lost':
      log.warn(`An earlier job lost the training ${earlier.run.runId}; starting it again.`);
      if (earlier.run.status === 'RUNNING') await tracking.endRun(earlier.run.runId, 'KILLED');
      return conclude('trained', await runTraining(request, ports, earlier.run.runId));
    case 'nothing':
      return conclude('trained', await runTraining(request, ports, undefined));
  }
}

async function runTraining(
  request: TrainRequest,
  ports: TrainPorts,
  resumes: string | undefined,
): Promise<Done> {
  const { plan, config } = request;
  const { tracking, clock, log } = ports;
  const startedAt = clock.now();
  const run = await tracking.createRun({
    experiment: config.tracking.experiment,
    name: `train ${plan.correlationId}`,
    tags: {
      [TAGS.correlation]: plan.correlationId,
      [TAGS.sha]: plan.sha,
      [TAGS.step]: 'train',
      ...sourceTags(request, config.project.steps.train),
      ...(resumes !== undefined && { [TAGS.resumes]: resumes }),
    },
  });
  await tracking.setRunTags(run.runId, { [TAGS.openedSeal]: sealOpened(request, ports, run.runId) });
  log.info(`MLflow run: ${run.url}`);
  try {
    await prepareData(request, ports, run.runId);
    // Nothing is trained for hours that could not be judged then.
    if (config.data.holdout !== undefined) await ports.readHoldout(config.data.holdout);
    const data = await ports.hashData(config.data.inputs);
    await tracking.setRunTags(run.runId, { [TAGS.dataDigest]: data.digest });
    const variables = resumes === undefined ? {} : { [RESUME_VARIABLE]: resumes };
    const step = { ...stepOf(request, run.runId), variables };
    const end = await log.group('Training', () => runTrainStep(step, ports));
    const parameters = { ...request.defaults, ...step.parameters };
    await logGiven(request, ports, { runId: run.runId, parameters, data });
    checkEnd(request, 'train', end);
    const trained = await checkModel(request, tracking, run.runId);
    const { box } = end;
    const done = { run: trained.run, model: { ...trained.model, dataDigest: data.digest, box } };
    await writeProvenance(request, ports, { ...done, data, startedAt });
    const sealed = sealFinished(request, ports, { model: done.model, metrics: trained.run.metrics });
    await tracking.setRunTags(run.runId, { [TAGS.box]: box, [TAGS.finishedSeal]: sealed });
    return done;
  } catch (thrown) {
    // A run left RUNNING would be taken for one whose runner was lost.
    await tracking.endRun(run.runId, request.signal.aborted ? 'KILLED' : 'FAILED');
    throw thrown;
  }
}

/** Runs the project's step before the training, if it has one, as a child of that run. */
export async function prepareData(
  request: TrainRequest,
  ports: Pick<TrainPorts, 'tracking' | 'project' | 'log'>,
  parentRunId: string,
): Promise<void> {
  const { plan, config } = request;
  const { etl } = config.project.steps;
  if (etl === undefined) return;
  const { tracking, project, log } = ports;
  const run = await tracking.createRun({
    experiment: config.tracking.experiment,
    name: `etl ${plan.correlationId}`,
    tags: {
      [TAGS.correlation]: plan.correlationId,
      [TAGS.sha]: plan.sha,
      [TAGS.step]: 'etl',
      ...sourceTags(request, etl),
    },
    parentRunId,
  });
  const end = await log.group('Preparing the data', () =>
    project.run({ ...stepOf(request, run.runId), entryPoint: etl, parameters: {} }),
  );
  if (end.status !== 'succeeded') await tracking.endRun(run.runId, 'FAILED');
  checkEnd(request, 'etl', end);
}

async function runTrainStep(step: ProjectStep, ports: TrainPorts): Promise<StepEnd> {
  const following = followMetrics(ports, step.runId);
  try {
    return await ports.project.run(step);
  } finally {
    await following.stop();
  }
}

/** The training step with the plan's parameters over those of the configuration. */
export function stepOf({ plan, config, signal }: TrainRequest, runId: string): ProjectStep {
  const { uri, environment, steps } = config.project;
  const parameters = { ...config.project.parameters, ...plan.parameters };
  const { experiment } = config.tracking;
  return {
    ...{ uri, environment, experiment, runId, parameters, signal },
    // The commit says how long it takes; the default branch, how long it may take.
    timeoutSeconds: Math.min(config.project.timeoutSeconds, plan.box.timeoutSeconds),
    entryPoint: steps.train,
    variables: {},
  };
}

function checkEnd({ workspace, config, plan, signal }: TrainRequest, step: string, end: StepEnd): void {
  if (end.status === 'succeeded') return;
  signal.throwIfAborted();
  if (end.status === 'timed-out') {
    const [own, most] = [config.project.timeoutSeconds, plan.box.timeoutSeconds];
    throw new UserError([
      {
        code: 'training-timed-out',
        message: `The step ${step} ran longer than the ${Math.min(own, most)} s it may take, and was ended.`,
        remedy: `Raise ${own > most ? 'box.timeout in trainyard.yml of the default branch' : 'project.timeout in trainyard.yml'}, or make the step shorter.`,
      },
    ]);
  }
  const found = findTraceback(end.lines, workspace);
  const said = found?.message ?? findLastWords(end.lines) ?? 'it printed nothing';
  const problem: Problem = {
    code: 'training-failed',
    message: `The step ${step} failed${end.code === undefined ? '' : ` with exit code ${end.code}`}: ${said}.`,
    remedy: 'Mend it and ask again; the whole output is in the log above.',
    ...(found?.file !== undefined && {
      where: { kind: 'file', file: found.file, ...(found.line !== undefined && { line: found.line }) },
    }),
  };
  throw new UserError([problem]);
}

/** The chain needs a model with a signature; what is missing is said before any later step trips over it. */
async function checkModel(
  request: TrainRequest,
  tracking: Tracking,
  runId: string,
): Promise<{ readonly run: TrackingRun; readonly model: HandedModel }> {
  const run = await tracking.getRun(runId);
  const { uri, steps } = request.config.project;
  const entry = `the entry point ${steps.train} of ${uri}/MLproject`;
  if (run.modelUri === undefined) {
    throw new UserError([
      {
        code: 'no-model-logged',
        message: `Training succeeded, but ${entry} logged no model in run ${runId}.`,
        remedy:
          "Call mlflow.<flavor>.log_model(model, name='model', input_example=…) inside the run MLflow Projects opened.",
      },
    ]);
  }
  const { modelUri } = run;
  const logged = await tracking.getModel(modelUri);
  const modelDigest = await tracking.digestModel(modelUri);
  if (logged?.hasSignature !== true || modelDigest === undefined) {
    throw new UserError([
      {
        code: 'no-signature',
        message: `The model that ${entry} logged has no signature, so requests to it can't be checked.`,
        remedy: 'Pass input_example=… (or signature=…) to log_model.',
      },
    ]);
  }
  if (run.status !== 'FINISHED') await tracking.endRun(runId, 'FINISHED');
  return { run: { ...run, status: 'FINISHED' }, model: { runId, modelUri, modelDigest } };
}

/** A training that has ended well: its run, and its model as it left it. */
type Done = { readonly run: TrackingRun; readonly model: TrainedModel };

async function writeProvenance(
  { plan, config, repository, runUrl, search }: TrainRequest,
  { tracking, clock, writeTemp }: TrainPorts,
  { model, data, startedAt }: Done & { readonly data: HashedData; readonly startedAt: Instant },
): Promise<void> {
  const manifest = {
    schema: SCHEMAS.provenance,
    correlationId: plan.correlationId,
    repository,
    sha: plan.sha,
    actor: plan.actor,
    cause: plan.cause,
    workflowRun: runUrl,
    project: { ...config.project, parameters: { ...config.project.parameters, ...plan.parameters } },
    ...{ runId: model.runId, modelUri: model.modelUri, modelDigest: model.modelDigest, box: model.box },
    data,
    ...(search !== undefined && { search: provenanceOf(search, data) }),
    startedAt,
    finishedAt: clock.now(),
  };
  const file = await writeTemp('provenance.json', `${JSON.stringify(manifest, undefined, 2)}\n`);
  await tracking.uploadArtifact(model.runId, RUN_ARTIFACTS.provenance, file);
}

/** What later jobs believe of the training is what this job says here, and nothing that lies in MLflow. */
function conclude(reasonCode: 'trained' | 'already-trained', { run, model }: Done): Trained {
  const { runId, modelUri } = model;
  const { metrics, url } = run;
  const finite = Object.entries(metrics).filter(([, value]) => Number.isFinite(value));
  const handedOn: Omit<HandedOn, 'schema_version' | 'action'> = {
    ...model,
    metrics: Object.fromEntries(finite),
  };
  return {
    decision: 'continue',
    reasonCode,
    headline: `Run ${runId} logged ${modelUri}.`,
    report: reportTraining(reasonCode, run),
    outputs: { 'run-id': runId, 'model-uri': modelUri },
    result: { ...handedOn, url },
  };
}
