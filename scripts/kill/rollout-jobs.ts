import { rmSync } from 'node:fs';
import path from 'node:path';
import type { Plan } from '../../actions/handoff.ts';
import { type DeployJob, startDeployJob } from './deploy-job.ts';
import { ENVIRONMENT, type Lane } from './lane.ts';
import type { Released } from './release-version.ts';

const ACTOR = 'ada';

/** The deploy jobs of one rollout: a first one, and its re-runs. */
export type RolloutJobs = {
  /** The name of the rollout in the ledger. */
  readonly rollout: string;
  /** Starts the next attempt, as "Re-run jobs" would. */
  readonly start: () => DeployJob;
  readonly attempts: () => number;
  /** Deletes what the jobs left on the runner. */
  readonly clear: () => void;
};

/** Jobs that roll a released version out in a lane. */
export function createRolloutJobs(lane: Lane, released: Released): RolloutJobs {
  const { version } = released;
  const cause = `deploy-${version}`;
  const folder = path.join(lane.folder, 'jobs', version);
  let attempts = 0;
  return {
    rollout: `${lane.model}/${ENVIRONMENT}/v${version}/${cause}`,
    start: () => {
      attempts += 1;
      return startDeployJob({
        trainyard: lane.trainyard,
        folder,
        log: path.join(lane.folder, 'logs', `deploy-${version}.log`),
        workspace: lane.workspace,
        inputs: {
          plan: JSON.stringify(planOf(lane, version, cause)),
          version,
          package: released.package,
          'github-token': lane.githubToken,
        },
        env: {
          ...lane.jobEnv,
          GITHUB_OUTPUT: '',
          GITHUB_RUN_ID: version,
          GITHUB_RUN_ATTEMPT: String(attempts),
          GITHUB_ACTOR: ACTOR,
        },
      });
    },
    attempts: () => attempts,
    clear: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** What the plan action would have handed on. */
function planOf({ model, sha }: Lane, version: string, cause: string): Plan {
  return {
    schema_version: 1,
    action: 'plan',
    decision: 'continue',
    model,
    operation: 'deploy',
    sha,
    parameters: {},
    environment: ENVIRONMENT,
    correlationId: cause,
    version,
    dryRun: false,
    actor: ACTOR,
    cause: { kind: 'manual', id: cause },
  };
}
