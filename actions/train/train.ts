import { optional } from '../../core/config/optional.ts';
import { messageOf, UserError } from '../../core/errors.ts';
import { CHECKPOINT_VARIABLE, RESUME_VARIABLE, TAGS } from '../../core/names.ts';
import type { HandedModel } from '../../core/plan/chain/handed-on.ts';
import type { Log, Tracking, TrackingRun } from '../../core/ports.ts';
import type { ProjectStep, StepEnd } from '../../core/project-port.ts';
import { describeStudy } from '../../core/search/describe-study.ts';
import { fitMetrics } from '../../core/training/fit-metrics.ts';
import { torchrunVariables } from '../../core/training/torchrun-variables.ts';
import type { CONTRACTS } from '../job/contract.ts';
import type { Trained as HandedOn } from '../job/handoff.ts';
import type { OutcomeOf } from '../job/outcome.ts';
import { describeFailure } from './describe-failure.ts';
import { findEarlier, sealFinished } from './find-earlier.ts';
import { followMetrics } from './follow-metrics.ts';
import { hashInputs, tryHoldout } from './hash-inputs.ts';
import type { HeldLease } from './hold-lease.ts';
import { keepCheckpoints } from './keep-checkpoints.ts';
import { logGiven, sourceTags } from './keep-habits.ts';
import { openRun } from './open-run.ts';
import { pinProject } from './project/pin-project.ts';
import { reportTraining } from './report-training.ts';
import { searchBehind, studyOf, studyTags } from './study-of.ts';
import type { Done, TrainPorts, TrainRequest } from './train-context.ts';
import { writeProvenance } from './write-provenance.ts';

type Trained = OutcomeOf<typeof CONTRACTS.train>;

/**
 * Runs the MLflow Project once per correlation id and commit: a training that finished is found again, one whose runner was lost is
 * gone on with, in the same run where it has left a checkpoint. Rejects with a UserError that names the user's line when the script fails.
 */
export async function train(request: TrainRequest, ports: TrainPorts): Promise<Trained> {
  const { tracking, log } = ports;
  const search = searchBehind(request);
  await tracking.check();
  const earlier = await findEarlier(request, ports);
  const traced = { ...request, ...(search !== undefined && { search }) };
  const told = { asked: request.config.gate.flatMap((rule) => ('metric' in rule ? [rule.metric] : [])), log };
  switch (earlier.kind) {
    case 'finished': {
      const { kind: _, ...done } = earlier;
      log.info(`This training is done already: ${done.run.url}`);
      return conclude('already-trained', done, told);
    }
    case 'lost':
      return conclude('trained', await runTraining(traced, ports, earlier.run), told);
    case 'nothing':
      return conclude('trained', await runTraining(traced, ports, undefined), told);
  }
}

async function runTraining(
  asked: TrainRequest,
  ports: TrainPorts,
  lost: TrackingRun | undefined,
): Promise<Done> {
  const { tracking, clock, log } = ports;
  const startedAt = clock.now();
  const request = await pinProject(asked, ports, lost);
  const { run, held, resumes } = await openRun(request, ports, lost);
  const { signal } = held;
  log.info(`MLflow run: ${run.url}`);
  try {
    await tracking.checkArtifacts(run.runId);
    await prepareData({ ...request, signal }, ports, run.runId);
    await tryHoldout(request, ports);
    const data = await hashInputs(request, ports);
    const study = request.search && (await studyOf(request.search, data, { plan: request.plan, ports }));
    if (study !== undefined) log.info(describeStudy(study));
    await tracking.setRunTags(run.runId, { [TAGS.dataDigest]: data.digest, ...studyTags(study) });
    const step = checkpointed(stepOf({ ...request, signal }, run.runId), ports, resumes);
    const end = await log.group('Training', () => runTrainStep(request, ports, { step, held }));
    await held.require();
    const parameters = { ...request.defaults, ...step.parameters };
    await logGiven(request, ports, { runId: run.runId, parameters, data });
    checkEnd(request, 'train', end);
    const trained = await checkModel(request, tracking, run.runId);
    const { box } = end;
    const model = { ...trained.model, dataDigest: data.digest, box };
    const done = { run: trained.run, model, ...(study !== undefined && { study }) };
    await writeProvenance(request, ports, { ...done, data, startedAt });
    const sealed = sealFinished(request, ports, { model, metrics: trained.run.metrics, study });
    await held.require();
    await tracking.setRunTags(run.runId, { [TAGS.box]: box, [TAGS.finishedSeal]: sealed });
    // It has ended well whatever is left in the folder.
    await ports.checkpoints.clear().catch((thrown: unknown) => {
      log.warn(`The folder of checkpoints could not be removed: ${messageOf(thrown)}`);
    });
    return done;
  } catch (thrown) {
    await held.require();
    // A run left RUNNING would be taken for one whose runner was lost.
    await tracking.endRun(run.runId, request.signal.aborted ? 'KILLED' : 'FAILED');
    throw thrown;
  } finally {
    await held.release();
  }
}

/** Fetches the data; then runs the project's step before the training, if it has one, as a child of that run. */
export async function prepareData(
  request: TrainRequest,
  ports: Pick<TrainPorts, 'tracking' | 'project' | 'log' | 'fetchData'>,
  parentRunId: string,
): Promise<void> {
  const { plan, config } = request;
  await ports.fetchData(config.data, request.signal);
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

/** The same step with what a script needs to go on from where an earlier attempt was lost. */
function checkpointed(
  step: ProjectStep,
  { checkpoints: { folder } }: TrainPorts,
  resumes: string | undefined,
): ProjectStep {
  const known = resumes === undefined ? {} : { [RESUME_VARIABLE]: resumes };
  const variables = { ...step.variables, [CHECKPOINT_VARIABLE]: folder, ...known };
  return { ...step, variables, write: [folder] };
}

async function runTrainStep(
  { leaseTimes }: TrainRequest,
  ports: TrainPorts,
  { step, held }: { readonly step: ProjectStep; readonly held: HeldLease },
): Promise<StepEnd> {
  const following = followMetrics(ports, step.runId);
  const keeping = keepCheckpoints(ports, { runId: step.runId, everySeconds: leaseTimes.renew }, held);
  try {
    return await ports.project.run(step);
  } finally {
    await following.stop();
    await keeping.stop();
  }
}

/** The training step with the plan's parameters over those of the configuration. */
export function stepOf(
  { plan, config, signal, projectCommit, processes }: TrainRequest,
  runId: string,
): ProjectStep {
  const { uri, environment, steps } = config.project;
  const parameters = { ...config.project.parameters, ...plan.parameters };
  const { experiment } = config.tracking;
  return {
    ...{ uri, environment, experiment, runId, parameters, signal },
    ...optional('commit', projectCommit),
    // The commit says how long it takes; the default branch, how long it may take.
    timeoutSeconds: Math.min(config.project.timeoutSeconds, plan.box.timeoutSeconds),
    entryPoint: steps.train,
    variables: processes === undefined ? {} : torchrunVariables(processes),
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
  throw new UserError([describeFailure(step, workspace, end)]);
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

/** What later jobs believe of the training is what this job says here, and nothing that lies in MLflow. */
function conclude(
  reasonCode: 'trained' | 'already-trained',
  { run, model, study }: Done,
  { asked, log }: { readonly asked: readonly string[]; readonly log: Log },
): Trained {
  const { runId, modelUri } = model;
  const { url } = run;
  const { metrics, leftOut } = fitMetrics(run.metrics, asked);
  if (leftOut > 0) {
    log.warn(
      `The run logged more metrics than can be handed on: ${leftOut} with long names are not, and no rule of the default branch can go by them. In MLflow they are all.`,
    );
  }
  const handedOn: Omit<HandedOn, 'schema_version' | 'action'> = {
    ...model,
    metrics,
    ...(study !== undefined && { study }),
  };
  return {
    decision: 'continue',
    reasonCode,
    headline: `Run ${runId} logged ${modelUri}.`,
    report: reportTraining(reasonCode, run, study),
    outputs: { 'run-id': runId, 'model-uri': modelUri },
    result: { ...handedOn, url },
  };
}
