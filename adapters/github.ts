import type { Octokit } from '@octokit/core';
import type { PaginateInterface } from '@octokit/plugin-paginate-rest';
import type { Api, RestEndpointMethodTypes } from '@octokit/plugin-rest-endpoint-methods';
import { messageOf, ServiceError } from '../core/errors.ts';
import { findPermissionLevel, type PermissionLevel } from '../core/permission.ts';
import type { GitHub } from '../core/ports.ts';
import { COMMENT_CHARACTERS } from '../core/report/limits.ts';
import { readChangedFiles, readLastScheduledRun, readNewestUpdate } from './github-history.ts';

/** GitHub's limits on other texts than comments, in characters. */
const MAX_STATUS_DESCRIPTION = 140;
const MAX_TASK = 128;
const PAGE = 100;

/** An Octokit with the endpoints and the pages of the REST API. It retries, and keeps the pauses that GitHub asks for. */
export type GitHubClient = Octokit & Api & { readonly paginate: PaginateInterface };

export type GitHubOptions = {
  readonly client: GitHubClient;
  readonly apiUrl: string;
  /** `owner/name` */
  readonly repository: string;
  /** Address of the workflow run, shown beside deployment statuses. */
  readonly logUrl?: string;
};

type Repository = { readonly owner: string; readonly repo: string };
type Comment = RestEndpointMethodTypes['issues']['listComments']['response']['data'][number];

/** The GitHub REST API for one repository, on github.com or GitHub Enterprise Server. Rejects with a ServiceError. */
export function createGitHub(options: GitHubOptions): GitHub {
  const octokit = options.client;
  const repository = splitRepository(options.repository);
  const context: Context = { octokit, repository, logUrl: options.logUrl };
  return {
    permissionOf: (user) => guard(options, () => readPermission(context, user)),
    getPullRequest: (number) => guard(options, () => readPullRequest(context, number)),
    readFile: (file, sha) => guard(options, () => readFile(context, file, sha)),
    newestUpdate: (name, branch) => guard(options, () => readNewestUpdate(octokit, name, branch)),
    changedFiles: (before, after) =>
      guard(options, () => readChangedFiles(octokit, { ...repository, before, after })),
    react: (commentId, content) =>
      guard(options, async () => {
        await octokit.rest.reactions.createForIssueComment({ ...repository, comment_id: commentId, content });
      }),
    upsertComment: (issue, marker, body) => guard(options, () => upsertComment(context, issue, marker, body)),
    upsertIssue: (title, marker, body) => guard(options, () => upsertIssue(context, title, marker, body)),
    closeIssue: (marker, body) => guard(options, () => closeIssue(context, marker, body)),
    createDeployment: (request) => guard(options, () => createDeployment(context, request)),
    setDeploymentStatus: (deployment, state, description) =>
      guard(options, async () => {
        await octokit.rest.repos.createDeploymentStatus({
          ...repository,
          deployment_id: deployment,
          state,
          description: shorten(description, MAX_STATUS_DESCRIPTION),
          ...(context.logUrl !== undefined && { log_url: context.logUrl }),
        });
      }),
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

async function upsertComment(
  context: Context,
  issue: number,
  marker: string,
  body: string | ((previous: string | undefined) => string),
): Promise<string> {
  const { octokit, repository } = context;
  const existing = await findComment(context, issue, marker);
  const text = typeof body === 'string' ? body : body(existing?.body);
  const marked = requireFit(text.includes(marker) ? text : `${marker}\n${text}`, context);
  const { data } =
    existing === undefined
      ? await octokit.rest.issues.createComment({ ...repository, issue_number: issue, body: marked })
      : await octokit.rest.issues.updateComment({ ...repository, comment_id: existing.id, body: marked });
  return data.html_url;
}

async function findComment(
  { octokit, repository }: Context,
  issue: number,
  marker: string,
): Promise<Comment | undefined> {
  const request = { ...repository, issue_number: issue, per_page: PAGE };
  for await (const { data } of octokit.paginate.iterator(octokit.rest.issues.listComments, request)) {
    const found = data.find((comment) => comment.body?.includes(marker) === true);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function upsertIssue(context: Context, title: string, marker: string, body: string): Promise<number> {
  const { octokit, repository } = context;
  const content = { ...repository, title, body: requireFit(`${marker}\n${body}`, context) };
  const existing = await findIssue(context, marker);
  if (existing === undefined) return (await octokit.rest.issues.create(content)).data.number;
  await octokit.rest.issues.update({ ...content, issue_number: existing });
  return existing;
}

async function closeIssue(context: Context, marker: string, body: string): Promise<void> {
  const { octokit, repository } = context;
  const existing = await findIssue(context, marker);
  if (existing === undefined) return;
  const text = requireFit(`${marker}\n${body}`, context);
  await octokit.rest.issues.update({ ...repository, issue_number: existing, body: text, state: 'closed' });
}

async function findIssue({ octokit, repository }: Context, marker: string): Promise<number | undefined> {
  const request = { ...repository, state: 'open' as const, per_page: PAGE };
  for await (const { data } of octokit.paginate.iterator(octokit.rest.issues.listForRepo, request)) {
    const found = data.find(
      (issue) => issue.pull_request === undefined && issue.body?.includes(marker) === true,
    );
    if (found !== undefined) return found.number;
  }
  return undefined;
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

/** Reports are made to fit. Cutting one here would leave a table or a fold open, and lose the mark that ends a section. */
function requireFit(text: string, { repository }: Context): string {
  if (text.length <= COMMENT_CHARACTERS) return text;
  throw new ServiceError({
    code: 'github-refused',
    message: `A comment of ${text.length} characters is longer than the ${COMMENT_CHARACTERS} that GitHub takes.`,
    remedy: 'Shorten what others have written into it, or delete it: it is written anew.',
    where: { kind: 'endpoint', endpoint: `/repos/${repository.owner}/${repository.repo}/issues` },
  });
}

/** At most so many characters, none of them in half. */
function shorten(text: string, limit: number): string {
  const characters = Array.from(text);
  return characters.length <= limit ? text : `${characters.slice(0, limit - 1).join('')}…`;
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

function statusOf(thrown: unknown): number | undefined {
  return thrown instanceof Error && 'status' in thrown && typeof thrown.status === 'number'
    ? thrown.status
    : undefined;
}

function endpointOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('request' in thrown)) return undefined;
  const { request } = thrown;
  if (typeof request !== 'object' || request === null || !('method' in request) || !('url' in request)) {
    return undefined;
  }
  return `${String(request.method)} ${String(request.url)}`;
}
