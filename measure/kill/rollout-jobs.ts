import { rmSync } from 'node:fs';
import path from 'node:path';
import type { Plan } from '../../actions/job/handoff.ts';
import { type DeployJob, startDeployJob } from './deploy-job.ts';
import { CONFIGS, ENVIRONMENT, type Lane } from './lane.ts';
import type { Released } from './release-version.ts';

const ACTOR = 'ada';

/** The deploy jobs of one rollout: a first one, and its re-runs. */
export type RolloutJobs = {
  /** The name of the rollout in the ledger. */
  readonly rollout: string;
  /** Starts the next attempt, as "Re-run jobs" would; or, for a report of the agent, the job that it begins. */
  readonly start: (report?: string) => DeployJob;
  /** `kill -9` of the job that runs; nothing when none does. */
  readonly kill: () => Promise<void>;
  /** Deletes what the jobs left on the runner. */
  readonly clear: () => void;
};

/** Jobs that roll a released version out in a lane; a detached one leaves when the rollout is under way. */
export function createRolloutJobs(lane: Lane, released: Released, isDetached: boolean): RolloutJobs {
  const { version } = released;
  const cause = `deploy-${version}`;
  const folder = folderOf(lane, version);
  let attempts = 0;
  let last: DeployJob | undefined;
  return {
    rollout: `${lane.model}/${ENVIRONMENT}/v${version}/${cause}`,
    start: (report) => {
      attempts += 1;
      const plan =
        report === undefined
          ? planOf(lane, 'deploy', { kind: 'manual', id: cause })
          : planOf(lane, 'advance', { kind: 'dispatch', id: report });
      last = startJob(lane, plan, {
        name: version,
        attempt: attempts,
        isDetached,
        inputs: report === undefined ? { version, package: released.package } : {},
      });
      return last;
    },
    kill: async () => last?.kill(),
    clear: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Starts the job of a `/rollback`, to a version where one is named. */
export function startRollback(lane: Lane, id: string, version?: string): DeployJob {
  const asked = planOf(lane, 'rollback', { kind: 'comment', id });
  const plan = version === undefined ? asked : { ...asked, version };
  return startJob(lane, plan, { name: id, attempt: 1, isDetached: false, inputs: {} });
}

function startJob(
  lane: Lane,
  plan: Plan,
  job: {
    /** Also the id of its workflow run. */
    readonly name: string;
    readonly attempt: number;
    readonly isDetached: boolean;
    readonly inputs: Readonly<Record<string, string>>;
  },
): DeployJob {
  return startDeployJob({
    trainyard: lane.trainyard,
    folder: folderOf(lane, job.name),
    log: path.join(lane.folder, 'logs', `deploy-${job.name}.log`),
    workspace: lane.workspace,
    inputs: {
      plan: JSON.stringify(plan),
      config: job.isDetached ? CONFIGS.detached : CONFIGS.attached,
      detach: String(job.isDetached),
      ...job.inputs,
      'github-token': lane.githubToken,
    },
    env: {
      ...lane.jobEnv,
      GITHUB_OUTPUT: '',
      GITHUB_RUN_ID: job.name,
      GITHUB_RUN_ATTEMPT: String(job.attempt),
      GITHUB_ACTOR: ACTOR,
    },
  });
}

function folderOf(lane: Lane, name: string): string {
  return path.join(lane.folder, 'jobs', name);
}

/** What the plan action would have handed on. */
function planOf({ model, sha }: Lane, operation: Plan['operation'], cause: Plan['cause']): Plan {
  return {
    schema_version: 1,
    action: 'plan',
    decision: 'continue',
    model,
    operation,
    sha,
    parameters: {},
    environment: ENVIRONMENT,
    correlationId: cause.id,
    dryRun: false,
    actor: ACTOR,
    cause,
    box: { require: false, timeoutSeconds: 86_400, variables: [], inputs: [], docker: false },
  };
}
