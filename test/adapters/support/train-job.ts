import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { train } from '../../../actions/train/train.ts';
import { createRunCheckpoints } from '../../../adapters/checkpoints/run-checkpoints.ts';
import { createSharedCheckpoints } from '../../../adapters/checkpoints/shared-checkpoints.ts';
import { systemClock } from '../../../adapters/clock.ts';
import { hashData } from '../../../adapters/data-digest.ts';
import { createProjectRunner } from '../../../adapters/mlflow/project.ts';
import { createSearchReader } from '../../../adapters/mlflow/read-searched.ts';
import { createMlflow } from '../../../adapters/mlflow/tracking.ts';
import { createSeal } from '../../../adapters/seal.ts';
import { parseConfig } from '../../../core/config/parse-config.ts';
import type { Log } from '../../../core/ports.ts';
import type { Holder } from '../../../core/training/lease.ts';
import { ROOT, venvProgram } from '../../../sandbox/checkout.ts';

/** A train job of one training, on the runner that these folders are of. */
export type TrainJob = {
  readonly workspace: string;
  readonly temp: string;
  readonly trackingUri: string;
  readonly correlationId: string;
  readonly holder: Holder;
  /** The folder of checkpoints that the runners share, where they do. */
  readonly shared?: string;
};

/** As those of a job, in little. */
const LEASE_TIMES = { renew: 0.5, expires: 8, lost: 10 };
/** What plan hands to all attempts. */
const NONCE = 'n'.repeat(64);

/** Runs it as the action does, in this process; prints what it says, and its outcome as the last line. */
export async function runTrainJob(job: TrainJob): Promise<void> {
  const { workspace, temp, trackingUri, correlationId, holder } = job;
  const text = `version: 1\nmodel: resumes\ntracking: { uri: "${trackingUri}" }\nproject: { steps: { train: train } }\ndata: { holdout: { path: none.csv, target: label } }\ngate: [{ metric: rmse, require: non-inferior, margin: 1 }]\n`;
  const config = parseConfig(text, { file: 'trainyard.yml', env: {} });
  if (!config.ok) throw new Error(config.error.map(({ message }) => message).join('\n'));
  const log: Log = { info: console.log, warn: console.log, group: (_, work) => work() };
  const tracking = createMlflow({ uri: trackingUri }, systemClock);
  const seal = createSeal(NONCE);
  const sha = 'a'.repeat(40);
  const outcome = await train(
    {
      plan: {
        ...({ schema_version: 1, action: 'plan', decision: 'continue', operation: 'train' } as const),
        ...{ model: 'resumes', sha, parameters: {}, correlationId, dryRun: false, actor: 'ann' },
        cause: { kind: 'manual', id: correlationId },
        box: { require: false, timeoutSeconds: 600, variables: [], inputs: [], docker: false },
      },
      ...{ config: config.value, workspace, holder, leaseTimes: LEASE_TIMES, defaults: {} },
      ...{ repository: 'a/b', repositoryUrl: 'https://github.test/a/b', runUrl: 'http://run' },
      signal: new AbortController().signal,
    },
    {
      ...{ tracking, clock: systemClock, log, seal },
      project: createProjectRunner({
        ...{ python: venvProgram('python'), runtime: path.join(ROOT, 'runtime'), cwd: workspace },
        ...{ env: process.env, policy: config.value.box, variables: [], inputs: [], docker: false },
        ...{ trackingUri, onLine: log.info },
      }),
      checkpoints:
        job.shared === undefined
          ? await createRunCheckpoints({
              ...{ temp, tracking, seal, log, settleMs: 100, holder: `${holder.round}.${holder.attempt}` },
            })
          : await createSharedCheckpoints(job.shared, {
              model: 'resumes',
              training: `${correlationId} ${sha}`,
            }),
      readHoldout: async () => undefined,
      findProjectCommit: async () => undefined,
      fetchData: async () => undefined,
      readSearched: createSearchReader(tracking, temp),
      hashData: (names) => hashData(workspace, names),
      writeTemp: async (name, content) => {
        await writeFile(path.join(temp, name), content);
        return path.join(temp, name);
      },
    },
  );
  console.log(JSON.stringify({ reasonCode: outcome.reasonCode, runId: outcome.outputs['run-id'] }));
}

const [given] = process.argv.slice(2);
if (given !== undefined) await runTrainJob(JSON.parse(given));
