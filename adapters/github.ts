import { messageOf, ServiceError } from '../core/errors.ts';
import { findPermissionLevel, type PermissionLevel } from '../core/permission.ts';
import type { GitHub } from '../core/ports.ts';
import { shorten } from '../core/report/shorten.ts';
import { createCommentReader } from './github/newest-comments.ts';
import { proposeChange } from './github/propose-change.ts';
import { statusOf } from './github/status-of.ts';
import type { GitHubClient } from './github-client.ts';
import {
  readChangedFiles,
  readConclusion,
  readLastScheduledRun,
  readNewestUpdate,
} from './github-history.ts';
import { createTexts } from './github-texts.ts';

/** GitHub's limits on other texts than comments, in characters. */
const MAX_STATUS_DESCRIPTION = 140;
const MAX_TASK = 128;

export type GitHubOptions = {
  readonly client: GitHubClient;
  readonly apiUrl: string;
  /** `owner/name` */
  readonly repository: string;
  /** Address of the workflow run, shown beside deployment statuses. */
  readonly logUrl?: string;
};

type Repository = { readonly owner: string; readonly repo: string };

/** The GitHub REST API for one repository, on github.com or GitHub Enterprise Server. Rejects with a ServiceError. */
export function createGitHub(options: GitHubOptions): GitHub {
  const octokit = options.client;
  const repository = splitRepository(options.repository);
  const context: Context = { octokit, repository, logUrl: options.logUrl };
  const texts = createTexts(context);
  const readComments = createCommentReader(context);
  return {
    permissionOf: (user) => guard(options, () => readPermission(context, user)),
    getPullRequest: (number) => guard(options, () => readPullRequest(context, number)),
    readFile: (file, sha) => guard(options, () => readFile(context, file, sha)),
    newestUpdate: (name, branch) => guard(options, () => readNewestUpdate(octokit, name, branch)),
    changedFiles: (before, after) =>
      guard(options, () => readChangedFiles(octokit, { ...repository, before, after })),
    newestComments: (signal) => guard(options, () => readComments(signal)),
    react: (commentId, content) =>
      guard(options, async () => {
        await octokit.rest.reactions.createForIssueComment({ ...repository, comment_id: commentId, content });
      }),
    upsertComment: (issue, marker, body) => guard(options, () => texts.upsertComment(issue, marker, body)),
    upsertIssue: (title, marker, body) => guard(options, () => texts.upsertIssue(title, marker, body)),
    closeIssue: (marker, body) => guard(options, () => texts.closeIssue(marker, body)),
    createDeployment: (request) => guard(options, () => createDeployment(context, request)),
    setDeploymentStatus: (deployment, state, { description, seenAt = context.logUrl }) =>
      guard(options, async () => {
        await octokit.rest.repos.createDeploymentStatus({
          ...repository,
          deployment_id: deployment,
          state,
          description: shorten(description, MAX_STATUS_DESCRIPTION),
          ...(context.logUrl !== undefined && { log_url: context.logUrl }),
          ...(seenAt !== undefined && { environment_url: seenAt }),
        });
      }),
    setCommitStatus: (sha, { context: name, state, description }) =>
      guard(options, async () => {
        await octokit.rest.repos.createCommitStatus({
          ...{ ...repository, sha, state, context: name },
          description: shorten(description, MAX_STATUS_DESCRIPTION),
          ...(context.logUrl !== undefined && { target_url: context.logUrl }),
        });
      }),
    proposeChange: (change) => guard(options, () => proposeChange(context, change)),
    dispatch: (type, payload) =>
      guard(options, async () => {
        await octokit.rest.repos.createDispatchEvent({
          ...repository,
          event_type: type,
          client_payload: payload,
        });
      }),
    lastScheduledRun: (called, thisRun) =>
      guard(options, () => readLastScheduledRun(octokit, { ...repository, called, except: thisRun })),
    conclusionOf: (run) => guard(options, () => readConclusion(octokit, { ...repository, run })),
  };
}

type Context = {
  readonly octokit: GitHubClient;
  readonly repository: Repository;
  readonly logUrl: string | undefined;
};

async function readPermission({ octokit, repository }: Context, user: string): Promise<PermissionLevel> {
  try {
    const { data } = await octokit.rest.repos.getCollaboratorPermissionLevel({
      ...repository,
      username: user,
    });
    return toPermissionLevel(data.role_name, data.permission);
  } catch (thrown) {
    // Of someone who is no user GitHub says 404, which is an answer.
    if (statusOf(thrown) === 404) return 'none';
    throw thrown;
  }
}

/** `role_name` is exact; a custom role is taken for what it inherits from, `permission`. */
function toPermissionLevel(role: string, permission: string): PermissionLevel {
  return findPermissionLevel(role) ?? findPermissionLevel(permission) ?? 'none';
}

async function readPullRequest({ octokit, repository }: Context, number: number) {
  const { data } = await octokit.rest.pulls.get({ ...repository, pull_number: number });
  return {
    number,
    headSha: data.head.sha,
    // A deleted fork has no repository, and is no place to take code from.
    headRepository: data.head.repo?.full_name ?? '',
    headBranch: data.head.ref,
    baseRepository: data.base.repo.full_name,
    state: data.state,
  };
}

async function readFile(
  { octokit, repository }: Context,
  file: string,
  sha: string,
): Promise<string | undefined> {
  try {
    const { data } = await octokit.rest.repos.getContent({ ...repository, path: file, ref: sha });
    if (Array.isArray(data) || data.type !== 'file') return undefined;
    return Buffer.from(data.content, 'base64').toString('utf8');
  } catch (thrown) {
    if (statusOf(thrown) === 404) return undefined;
    throw thrown;
  }
}

async function createDeployment(
  { octokit, repository }: Context,
  request: { key: string; ref: string; environment: string; description: string; payload: unknown },
): Promise<number> {
  // The task is the one field that can be both set and searched for.
  const task = request.key.slice(0, MAX_TASK);
  const { environment } = request;
  const existing = await octokit.rest.repos.listDeployments({
    ...repository,
    environment,
    task,
    per_page: 1,
  });
  const [known] = existing.data;
  if (known !== undefined) return known.id;
  const { data } = await octokit.rest.repos.createDeployment({
    ...repository,
    ref: request.ref,
    task,
    environment,
    description: shorten(request.description, MAX_STATUS_DESCRIPTION),
    payload: JSON.stringify(request.payload),
    // The defaults would merge the default branch into the ref, and refuse while checks run.
    auto_merge: false,
    required_contexts: [],
  });
  if ('id' in data) return data.id;
  throw new Error(`GitHub made no deployment: ${data.message ?? 'no reason given'}`);
}

function splitRepository(name: string): Repository {
  const [owner = '', repo = ''] = name.split('/');
  return { owner, repo };
}

async function guard<T>(options: GitHubOptions, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    throw thrown instanceof ServiceError ? thrown : toServiceError(options, thrown);
  }
}

function toServiceError(options: GitHubOptions, thrown: unknown): ServiceError {
  const status = statusOf(thrown);
  const said = status === undefined ? messageOf(thrown) : `${status}: ${messageOf(thrown)}`;
  return new ServiceError(
    {
      code: 'github-refused',
      message: `GitHub answered ${said}.`,
      remedy: remedyFor(status, options),
      where: { kind: 'endpoint', endpoint: endpointOf(thrown) ?? options.apiUrl },
    },
    { cause: thrown },
  );
}

function remedyFor(status: number | undefined, { apiUrl, repository }: GitHubOptions): string {
  if (status === 401) return 'Pass a valid token in the input github-token.';
  if (status === 403 || status === 404) {
    return `Grant the job the permissions its README lists, and check that the token may see ${repository}.`;
  }
  if (status === 410) return `Switch Issues on in the settings of ${repository}, or read the job's summary.`;
  return `Check that ${apiUrl} is up and reachable from the runner, then run this job again.`;
}

function endpointOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('request' in thrown)) return undefined;
  const { request } = thrown;
  if (typeof request !== 'object' || request === null || !('method' in request) || !('url' in request)) {
    return undefined;
  }
  return `${String(request.method)} ${String(request.url)}`;
}
