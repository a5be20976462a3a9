import { type Answer, type ApiContext, type Call, exampleOf, listPage, NOT_FOUND } from './api-answers.ts';
import { asObject } from './representations.ts';

/** When which branch was changed: as on GitHub newest first, unless the oldest are asked for. */
export function listActivities(context: ApiContext, { query }: Call): Answer {
  const ref = query.get('ref');
  const all = context.repository.updates.filter((update) => ref === null || update.ref === ref);
  const example = exampleOf(context, 'listActivities');
  return listPage(query, query.get('direction') === 'asc' ? all : all.toReversed(), (update) => ({
    ...example,
    ...update,
    actor: null,
    activity_type: /^0+$/.test(update.before) ? 'branch_creation' : 'push',
  }));
}

/** The runs of schedules, newest first; of other events the sandbox keeps none. */
export function listScheduledRuns(context: ApiContext, { query }: Call): Answer {
  const event = query.get('event');
  const { scheduledRuns } = context.repository;
  const found = event === null || event === 'schedule' ? scheduledRuns.toReversed() : [];
  const [example] = [exampleOf(context, 'listScheduledRuns')['workflow_runs']].flat();
  const size = Number(query.get('per_page') ?? 30);
  const runs = found.slice(0, size).map(({ id, called, at }) => ({
    ...asObject(example),
    ...{ id, event: 'schedule', created_at: at, run_started_at: at, updated_at: at },
    referenced_workflows: [{ path: called, sha: '0'.repeat(40) }],
  }));
  return { status: 200, body: { total_count: found.length, workflow_runs: runs } };
}

/** A run of a workflow: how far it is, and how it ended. */
export function getWorkflowRun(context: ApiContext, { parameters }: Call): Answer {
  const id = Number(parameters['run_id']);
  const run = context.showRun(id);
  if (run === undefined) return NOT_FOUND;
  const status = run.status === 'running' ? 'in_progress' : run.status;
  const body = { ...exampleOf(context, 'getWorkflowRun'), id, status, conclusion: run.conclusion ?? null };
  return { status: 200, body };
}

/** What lies between two commits, the later of which follows the earlier; of others the sandbox tells only that they do not. */
export function compareCommits(context: ApiContext, { parameters }: Call): Answer {
  const [before = '', after = ''] = decodeURIComponent(parameters['basehead'] ?? '').split('...');
  const changed = context.listChanges(before, after);
  if (changed === undefined) return NOT_FOUND;
  const example = exampleOf(context, 'compareCommits');
  const [file] = [example['files']].flat();
  const files = changed.files.map((filename) => ({ ...asObject(file), filename }));
  return {
    status: 200,
    body: { ...example, status: changed.follows ? 'ahead' : 'diverged', commits: [], files },
  };
}
