import type { Comment, DeploymentRecord, Issue, Repository } from './repository.ts';

export type Json = Readonly<Record<string, unknown>>;

/** Where the stand-in answers: API (with its prefix) and web, no trailing slash. */
export type Addresses = { readonly api: string; readonly web: string };

/** A user as GitHub describes one, on top of GitHub's own example. */
export function representUser(example: unknown, login: string): Json {
  return {
    ...asObject(example),
    login,
    id: idOf(login),
    html_url: `https://github.com/${encodeURIComponent(login)}`,
  };
}

/** A repository as GitHub describes one. */
export function representRepository(
  example: unknown,
  { fullName, defaultBranch }: Pick<Repository, 'fullName' | 'defaultBranch'>,
  at: Addresses,
): Json {
  const [owner = '', name = ''] = fullName.split('/');
  const sample = asObject(example);
  return {
    ...sample,
    full_name: fullName,
    name,
    default_branch: defaultBranch,
    owner: representUser(sample['owner'], owner),
    url: `${at.api}/repos/${fullName}`,
    html_url: `${at.web}/${fullName}`,
    clone_url: `${at.web}/${fullName}.git`,
  };
}

/** An issue comment as GitHub describes one. */
export function representComment(
  example: Json,
  repository: Repository,
  comment: Comment,
  at: Addresses,
): Json {
  const issue = `${at.api}/repos/${repository.fullName}/issues`;
  return {
    ...example,
    id: comment.id,
    url: `${issue}/comments/${comment.id}`,
    html_url: `${at.web}/${repository.fullName}/issues/${comment.issue}#issuecomment-${comment.id}`,
    issue_url: `${issue}/${comment.issue}`,
    body: comment.body,
    user: representUser(example['user'], comment.user),
    created_at: comment.createdAt,
    updated_at: comment.createdAt,
  };
}

/** An issue as GitHub describes one; a pull request carries `pull_request`, as it does there. */
export function representIssue(example: Json, repository: Repository, issue: Issue, at: Addresses): Json {
  const { pull_request: _, ...rest } = example;
  const pull = `${at.api}/repos/${repository.fullName}/pulls/${issue.number}`;
  const html = `${at.web}/${repository.fullName}/pull/${issue.number}`;
  return {
    ...rest,
    number: issue.number,
    title: issue.title,
    body: issue.body,
    state: issue.state,
    user: representUser(example['user'], issue.user),
    html_url: `${at.web}/${repository.fullName}/issues/${issue.number}`,
    url: `${at.api}/repos/${repository.fullName}/issues/${issue.number}`,
    created_at: issue.createdAt,
    ...(issue.head && {
      pull_request: { url: pull, html_url: html, diff_url: `${html}.diff`, patch_url: `${html}.patch` },
    }),
  };
}

/** A pull request as GitHub describes one. */
export function representPullRequest(
  example: Json,
  repository: Repository,
  issue: Issue & Required<Pick<Issue, 'head'>>,
  at: Addresses,
): Json {
  const head = asObject(example['head']);
  const base = asObject(example['base']);
  return {
    ...example,
    number: issue.number,
    title: issue.title,
    body: issue.body,
    state: issue.state,
    user: representUser(example['user'], issue.user),
    html_url: `${at.web}/${repository.fullName}/pull/${issue.number}`,
    requested_teams: [],
    head: {
      ...head,
      ref: issue.head.branch,
      sha: issue.head.sha,
      label: `${issue.head.repository.split('/')[0]}:${issue.head.branch}`,
      repo: representRepository(head['repo'], { ...repository, fullName: issue.head.repository }, at),
    },
    base: {
      ...base,
      ref: issue.head.base ?? repository.defaultBranch,
      repo: representRepository(base['repo'], repository, at),
    },
  };
}

/** A deployment as GitHub describes one. */
export function representDeployment(
  example: Json,
  repository: Repository,
  deployment: DeploymentRecord,
  at: Addresses,
): Json {
  const url = `${at.api}/repos/${repository.fullName}/deployments/${deployment.id}`;
  return {
    ...example,
    url,
    id: deployment.id,
    ref: deployment.ref,
    sha: deployment.sha,
    task: deployment.task,
    environment: deployment.environment,
    original_environment: deployment.environment,
    description: deployment.description,
    payload: deployment.payload,
    statuses_url: `${url}/statuses`,
    created_at: deployment.createdAt,
  };
}

/** The object a value is, or an empty one. */
export function asObject(value: unknown): Json {
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function idOf(login: string): number {
  return [...login].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1_000_000_007, 7);
}
