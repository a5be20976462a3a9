import { findCommit, listChanged } from '../../../adapters/git/find-commit.ts';
import { createLineRunner } from '../../../adapters/programs/shell-line.ts';
import type { Config } from '../../../core/config/config.ts';
import type { Log } from '../../../core/ports.ts';
import type { RunLine } from '../../../core/shell-port.ts';
import { findPython } from '../find-python.ts';
import type { Plan } from '../handoff.ts';
import type { Host } from '../host.ts';
import { createFetch, type FetchData } from './fetch-data.ts';
import { requireCommitKept, requireKnownCommit } from './require-policy-commit.ts';

type FetchJob = {
  readonly plan: Plan;
  readonly python: string;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly runner: 'gpu-runner' | 'control-runner';
};

/** What runs `data.fetch` of the default branch, in no box: such a job may hold secrets, so that no other commit's command is run. */
export function connectFetch(
  host: Host,
  { tracking }: Config,
  { plan, python, ...job }: FetchJob,
): FetchData {
  const { workspace } = host;
  const runLine = createLineRunner({
    ...{ cwd: workspace, python: findPython(workspace, python), env: host.childEnv() },
    ...{ trackingUri: tracking.uri, onLine: job.log.info },
  });
  const require = async () => requireKnownCommit(plan, await findCommit(workspace, host.run));
  const runWatched: RunLine = async (asked) => {
    const before = new Set(await listChanged(workspace, host.run));
    const end = await runLine(asked);
    const changed = await listChanged(workspace, host.run);
    requireCommitKept(changed.filter((file) => !before.has(file)));
    return end;
  };
  return createFetch({
    ...job,
    runLine: runWatched,
    require,
    isBoxed: false,
    mostSeconds: Number.POSITIVE_INFINITY,
  });
}
