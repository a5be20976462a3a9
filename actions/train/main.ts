import path from 'node:path';
import { createRunCheckpoints } from '../../adapters/checkpoints/run-checkpoints.ts';
import { createSharedCheckpoints } from '../../adapters/checkpoints/shared-checkpoints.ts';
import { systemClock } from '../../adapters/clock.ts';
import { hashData, hashText } from '../../adapters/data-digest.ts';
import { placeHoldoutError } from '../../adapters/holdout/holdout-error.ts';
import { readHoldout } from '../../adapters/holdout/read-holdout.ts';
import { findProjectCommit } from '../../adapters/mlflow/find-project-commit.ts';
import { createProjectRunner } from '../../adapters/mlflow/project.ts';
import type { Containers } from '../../adapters/mlflow/project-container.ts';
import { createSearchReader } from '../../adapters/mlflow/read-searched.ts';
import { createSearchRunner } from '../../adapters/mlflow/search.ts';
import { countGpus } from '../../adapters/programs/count-gpus.ts';
import { programPath } from '../../adapters/programs/program-path.ts';
import { createNonce, createSeal } from '../../adapters/seal.ts';
import type { Config } from '../../core/config/config.ts';
import { optional } from '../../core/config/optional.ts';
import { SHARED_CHECKPOINTS_VARIABLE, STORAGE_VARIABLE } from '../../core/names.ts';
import { withoutSearchParameters } from '../../core/plan/training/without-search-parameters.ts';
import type { Checkpoints } from '../../core/training/checkpoints.ts';
import { LEASE_TIMES } from '../../core/training/lease.ts';
import { CONTRACTS } from '../job/contract.ts';
import { findPython } from '../job/find-python.ts';
import { type Plan, readPlan } from '../job/handoff.ts';
import { type Job, runAction } from '../job/harness.ts';
import type { Host } from '../job/host.ts';
import { createFetch } from '../job/programs/fetch-data.ts';
import { connectTracking, createScratch, readConfigAndText } from '../job/wiring.ts';
import { requirePrograms } from './project/require-programs.ts';
import { requireProject } from './project/require-project.ts';
import { searchAlong } from './search/search-along.ts';
import { train } from './train.ts';
import type { TrainPorts, TrainRequest } from './train-context.ts';
import { tune } from './tune.ts';
import { warnOfRunner } from './warn-of-runner.ts';

type TrainJob = Job<typeof CONTRACTS.train>;
type Asked = { readonly plan: Plan; readonly config: Config };

/** The train action: runs the MLflow Project of the commit at hand. */
export function main(root: string): Promise<void> {
  return runAction(CONTRACTS.train, async (job) => {
    const { inputs, host, log, signal } = job;
    const plan = readPlan(inputs.plan);
    const { config, text } = await readConfigAndText(host, inputs.config, {});
    const { workspace } = host;
    await warnOfRunner(plan, host.env, log);
    const defaults = await defaultsOf(job, { plan, config, text });
    const options = await optionsOf(job, { root, plan, config, text });
    const project = createProjectRunner(options);
    const run = chooseWork(plan, inputs.searcher);
    const holder = { round: plan.round ?? 0, attempt: host.workflow.attempt };
    const tracking = await connectTracking(host, config);
    // With a nonce that nobody knows, nothing that is there is believed.
    const seal = createSeal(plan.nonce ?? createNonce());
    return run(
      { ...(await requestOf(job, { plan, config })), defaults, holder },
      {
        tracking,
        project,
        // The commit's word, as its steps are: it runs where they do.
        fetchData: createFetch({
          ...{ runLine: project.runLine, log, signal, runner: 'gpu-runner', isBoxed: true },
          mostSeconds: plan.box.timeoutSeconds,
        }),
        findProjectCommit: () => findProjectCommit(config.project, project.runGit, signal),
        search: createSearchRunner({ ...options, folder: host.temp, storage: host.env[STORAGE_VARIABLE] }),
        ...{ clock: systemClock, log, seal },
        checkpoints: await openCheckpoints(host, plan, { tracking, seal, log, holder }),
        hashText,
        hashData: (names) => hashData(workspace, names),
        readHoldout: createHoldoutReader(workspace, { text, file: inputs.config }),
        writeTemp: createScratch(host).writeTemp,
        readSearched: createSearchReader(tracking, host.temp),
      },
    );
  });
}

/** A training, a search, or a part in one that another job looks after. */
function chooseWork({ operation }: Plan, searcher: string): typeof tune {
  if (operation !== 'tune') return train;
  return searcher === '' ? tune : searchAlong(searcher);
}

/** What the commit's MLproject takes for parameters that are not given. Rejects with a UserError where it can't be run so. */
function defaultsOf(
  { inputs, host }: TrainJob,
  { plan, config, text }: Asked & { readonly text: string },
): ReturnType<typeof requireProject> {
  const written = { file: inputs.config, text, env: host.childEnv() };
  return requireProject(host.workspace, written, { ...config, project: projectOf(plan, config) });
}

/** What the steps are run with. Rejects with a UserError where the runner has not what they need. */
async function optionsOf(
  { inputs, host, log }: TrainJob,
  { root, plan, config, text }: Asked & { readonly root: string; readonly text: string },
) {
  const [python, env] = [findPython(host.workspace, inputs.python), host.childEnv()];
  const { project } = config;
  const search = programPath(python, env);
  requirePrograms({ file: inputs.config, text }, { project, box: plan.box, search });
  return {
    ...{ python, runtime: path.join(root, 'runtime') },
    ...{ cwd: host.workspace, env, ...boxOf(plan) },
    ...{ trackingUri: config.tracking.uri, onLine: log.info, ...optional('remote', project.remote) },
    ...optional('containers', await containersOf(project, plan, { env, searcher: inputs.searcher })),
  };
}

/** The containers of a training are told by what all attempts at it have in common; what only searches along has others, on the same engine perhaps. */
async function containersOf(
  { environment }: Config['project'],
  { correlationId }: Plan,
  { env, searcher }: { readonly env: ReturnType<Host['childEnv']>; readonly searcher: string },
): Promise<Containers | undefined> {
  if (environment !== 'docker') return undefined;
  const job = searcher === '' ? correlationId : `${correlationId}-searcher-${searcher}`;
  return { job, gpus: (await countGpus(env)) > 0 };
}

async function requestOf({ host, signal }: TrainJob, { plan, config }: Asked) {
  return {
    ...{ plan, config, workspace: host.workspace, signal, leaseTimes: LEASE_TIMES, ...describeRun(host) },
    ...optional('processes', await processesOf(config.project, host.childEnv())),
  };
}

/** Reads holdouts, and says in which line of the configuration stands what is wrong with one. */
function createHoldoutReader(
  workspace: string,
  source: { readonly text: string; readonly file: string },
): TrainPorts['readHoldout'] {
  return (holdout) =>
    readHoldout(workspace, holdout).catch((thrown: unknown) => {
      throw placeHoldoutError(thrown, source);
    });
}

/** The project with the parameters that this training is given. */
function projectOf(plan: Plan, config: Config): Config['project'] {
  const parameters = { ...config.project.parameters, ...withoutSearchParameters(plan, config) };
  return { ...config.project, parameters };
}

/** How many processes torchrun is told to start; at a remote engine, for the GPUs that the job asks for. */
async function processesOf(
  { processes, remote }: Config['project'],
  env: ReturnType<Host['childEnv']>,
): Promise<number | undefined> {
  if (processes !== 'auto') return processes;
  return Math.max(1, remote === undefined ? await countGpus(env) : (remote.gpus ?? 1));
}

/** The run of the workflow, and its repository. */
function describeRun({ workflow: { repository }, serverUrl, runUrl }: Host) {
  return { repository, runUrl, repositoryUrl: `${serverUrl}/${repository}` };
}

/** What programs of the commit run in, as the default branch says: the commit's own file is the commit's word. */
function boxOf({ box }: Plan) {
  return { policy: box, variables: box.variables, inputs: box.inputs, docker: box.docker };
}

/** In a folder that all runners share, where the runner's operator names one; else with the run. */
function openCheckpoints(
  { env, temp }: Host,
  { model, correlationId, sha }: Plan,
  { holder, ...ports }: Pick<TrainPorts, 'tracking' | 'seal' | 'log'> & Pick<TrainRequest, 'holder'>,
): Promise<Checkpoints> {
  const shared = env[SHARED_CHECKPOINTS_VARIABLE];
  if (shared !== undefined && path.isAbsolute(shared)) {
    return createSharedCheckpoints(shared, { model, training: `${correlationId} ${sha}` });
  }
  return createRunCheckpoints({ ...ports, temp, holder: `${holder.round}.${holder.attempt}` });
}
