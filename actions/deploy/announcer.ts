import { messageOf } from '../../core/errors.ts';
import type { Clock, DeploymentState, GitHub, Log } from '../../core/ports.ts';
import type { Report } from '../../core/report/report.ts';

/**
 * Tells people how a rollout is going. What it writes can be rebuilt from the ledger, so its failures only warn; and it never
 * keeps a rollout waiting, since a lease on traffic runs out while GitHub is slow.
 */
export type Announcer = {
  /** Opens, or finds, the GitHub Deployment of a rollout and sets its status, with the address of the comment once there is one. */
  readonly status: (rollout: string, state: DeploymentState, description: string) => void;
  /** Replaces the rollout's section of the pull request's comment. */
  readonly progress: (report: Report) => void;
  /** Resolves when all that was to be told has been told, or given up, and soon in any case: what could not be told, in words. */
  readonly finished: () => Promise<readonly string[]>;
};

/** A job that is done waits for GitHub no longer than this. */
const PATIENCE_MS = 60_000;

type AnnouncerOptions = {
  readonly github: GitHub;
  readonly clock: Pick<Clock, 'wait'>;
  readonly log: Log;
  readonly model: string;
  readonly sha: string;
  readonly environment: string;
  /** Writes the pull request's comment, and gives its address. */
  readonly comment: ((report: Report) => Promise<string>) | undefined;
};

/** An announcer over GitHub Deployments and the pull request's comment, one after the other in the order they were asked for. */
export function createAnnouncer(options: AnnouncerOptions): Announcer {
  const { github, model, sha, environment, comment, clock, log } = options;
  const untold: string[] = [];
  const giveUp = (why: string) => {
    untold.push(why);
    log.warn(why);
  };
  const deployments = new Map<string, number>();
  // Stages, evidence and its curve are in the comment, and as they are now; a run's summary comes at its end.
  let seenAt: string | undefined;
  let last: Promise<void> = Promise.resolve();
  const enqueue = (what: string, work: () => Promise<void>) => {
    last = last.then(work).catch((thrown: unknown) => {
      giveUp(`${what} could not be written: ${messageOf(thrown)}`);
    });
  };
  return {
    status: (rollout, state, description) =>
      enqueue('The GitHub Deployment', async () => {
        const request = {
          ref: sha,
          environment,
          key: `${model}/${rollout}`,
          description,
          payload: { rollout },
        };
        const id = deployments.get(rollout) ?? (await github.createDeployment(request));
        deployments.set(rollout, id);
        await github.setDeploymentStatus(id, state, { description, seenAt });
      }),
    progress: (report) =>
      enqueue('The comment', async () => {
        seenAt = (await comment?.(report)) ?? seenAt;
      }),
    finished: async () => {
      const done = new AbortController();
      const patience = clock.wait(PATIENCE_MS, done.signal).then(
        () => giveUp('GitHub does not answer: what was left to be told there is left out.'),
        () => undefined,
      );
      await Promise.race([last, patience]);
      done.abort();
      return [...untold];
    },
  };
}
