import type { Api } from '@octokit/plugin-rest-endpoint-methods';
import { statusOf } from './github/status-of.ts';

/** GitHub lists at most so many files of a comparison. */
const MAX_COMPARED_FILES = 300;

/**
 * The newest change of a branch of `owner/name`, by the repository's activity: the server's own time, where a commit's dates are its
 * author's to choose. `undefined` when none is on record.
 */
export async function readNewestUpdate({ rest }: Api, name: string, branch: string) {
  const [owner = '', repo = ''] = name.split('/');
  const ref = `refs/heads/${branch}`;
  const { data } = await rest.repos.listActivities({ owner, repo, ref, direction: 'desc', per_page: 1 });
  const [newest] = data;
  return newest && { after: newest.after, at: newest.timestamp };
}

/** A commit and one that follows it, in a repository. */
type Comparison = {
  readonly owner: string;
  readonly repo: string;
  readonly before: string;
  readonly after: string;
};

/**
 * Paths that differ between the two commits. `undefined` when GitHub does not list them all, and when the later one does not follow the
 * earlier: GitHub compares it with what both have in common then, and what was taken away does not show.
 */
export async function readChangedFiles(
  { rest }: Api,
  { owner, repo, before, after }: Comparison,
): Promise<readonly string[] | undefined> {
  const basehead = `${before}...${after}`;
  const { data } = await rest.repos.compareCommitsWithBasehead({ owner, repo, basehead, per_page: 1 });
  const files = data.files ?? [];
  if (data.status !== 'ahead' || files.length >= MAX_COMPARED_FILES) return undefined;
  return files.flatMap(({ filename, previous_filename: previous }) =>
    previous === undefined ? [filename] : [filename, previous],
  );
}

/** So many of the last scheduled runs are looked through; other workflows of the repository may have schedules too. */
const MAX_SCHEDULED_RUNS = 100;

/** A run, and the reusable workflow that it is to be a run of. */
type ScheduledRuns = {
  readonly owner: string;
  readonly repo: string;
  readonly called: string;
  /** The run that asks. */
  readonly except: string;
};

/** When the schedule last started a run that calls the reusable workflow `called`; `undefined` when none is on record. */
export async function readLastScheduledRun(
  { rest }: Api,
  { owner, repo, called, except }: ScheduledRuns,
): Promise<string | undefined> {
  const request = { owner, repo, event: 'schedule', per_page: MAX_SCHEDULED_RUNS };
  const { data } = await rest.actions.listWorkflowRunsForRepo(request);
  return data.workflow_runs.find(
    ({ id, referenced_workflows: calls }) =>
      String(id) !== except &&
      calls?.some(({ path }) => path.includes(`/.github/workflows/${called}@`)) === true,
  )?.created_at;
}

/** How a run of a workflow has ended; `undefined` while it is not over, and where there is none of that id. */
export async function readConclusion(
  { rest }: Api,
  { owner, repo, run }: { readonly owner: string; readonly repo: string; readonly run: string },
): Promise<string | undefined> {
  if (!/^\d+$/.test(run)) return undefined;
  try {
    const { data } = await rest.actions.getWorkflowRun({ owner, repo, run_id: Number(run) });
    return data.status === 'completed' ? (data.conclusion ?? 'unknown') : undefined;
  } catch (thrown) {
    // Runs can be deleted; so that nobody takes one for over that this token may not see, it counts as one that goes on.
    if (statusOf(thrown) === 404) return undefined;
    throw thrown;
  }
}
